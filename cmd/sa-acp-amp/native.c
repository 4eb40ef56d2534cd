#include "native.h"

#include "amp.h"
#include "base/cleanup.h"
#include "session.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"

static void tell_usage(struct session *session, struct span usage)
{
	static const char *const names[] = {"input_tokens", "output_tokens",
					    "cache_read_input_tokens",
					    "cache_creation_input_tokens"};
	int64_t used = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (__builtin_add_overflow(used, json_int_or(json_get(usage, names[i]), 0), &used))
			return;
	prompt_add_tokens(session->tokens, usage, names);
	session_base_tell_usage(&session->base, used, json_int_or(json_get(usage, "max_tokens"), 0),
				SPAN_NONE);
}

static void assistant(struct session *session, struct span line)
{
	struct span message = json_get(line, "message"), block;
	struct span parent = json_get(line, "parent_tool_use_id");
	bool is_sub = json_type(parent) == JSON_STRING;
	struct json_iter it = json_iter(json_get(message, "content"));
	while (json_next(&it, NULL, &block)) {
		struct span type = json_get(block, "type");
		if (json_string_is(type, "tool_use"))
			tool_called(session, block);
		else if (is_sub)
			continue; /* for the agent that called it */
		else if (json_string_is(type, "text"))
			session_base_tell(&session->base, "agent_message_chunk",
					  json_get(block, "text"), NULL);
		else if (json_string_is(type, "thinking"))
			session_base_tell(&session->base, "agent_thought_chunk",
					  json_get(block, "thinking"), NULL);
	}
	if (is_sub)
		return;
	tell_usage(session, json_get(message, "usage"));
	struct span reason = json_get(message, "stop_reason");
	if (json_string_is(reason, "end_turn") || json_string_is(reason, "max_tokens") ||
	    json_string_is(reason, "refusal"))
		turn_done(session, reason);
}

static void user(struct session *session, struct span line)
{
	struct json_iter it = json_iter(json_path(line, "message.content"));
	struct span block;
	while (json_next(&it, NULL, &block))
		if (json_string_is(json_get(block, "type"), "tool_result"))
			tool_ended(session, block);
}

static void result(struct session *session, struct span line)
{
	struct span error = json_get(line, "error");
	if (json_type(error) == JSON_STRING)
		session_keep(&session->error, error);
}

void native_line(struct session *session, struct span line)
{
	if (!session_base_takes(&session->base, &line))
		return;
	struct span type = json_get(line, "type");
	if (!json_string_is(type, "result"))
		turn_begun(session);
	if (json_string_is(type, "assistant"))
		assistant(session, line);
	else if (json_string_is(type, "user"))
		user(session, line);
	else if (json_string_is(type, "result"))
		result(session, line);
}
