#include "native.h"

#include "amp.h"
#include "base/cleanup.h"
#include "session.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

/* The part of a line that is no JSON and is shown in a complaint, bytes. */
enum { NATIVE_QUOTE_BYTES = 200 };

void native_tell(struct session *session, const char *kind, struct span value)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&text, value) == 0 && text.len)
		adapter_update_text(session->base.adapter, session->base.id, kind, buf_span(&text),
				    NULL);
}

static void tell_usage(struct session *session, struct span usage)
{
	static const char *const members[] = {"input_tokens", "output_tokens",
					      "cache_read_input_tokens",
					      "cache_creation_input_tokens"};
	struct adapter *adapter = session->base.adapter;
	int64_t size = json_int_or(json_get(usage, "max_tokens"), 0), used = 0;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		int64_t count = json_int_or(json_get(usage, members[i]), 0);
		if (__builtin_add_overflow(used, count, &used) ||
		    __builtin_add_overflow(session->tokens[i], count, &session->tokens[i]))
			return;
	}
	if (used <= 0 || size <= 0)
		return;
	struct buf *b = adapter_update_open(adapter, session->base.id, "usage_update");
	json_kv_int(b, "used", used);
	json_kv_int(b, "size", size);
	adapter_update_close(adapter);
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
			native_tell(session, "agent_message_chunk", json_get(block, "text"));
		else if (json_string_is(type, "thinking"))
			native_tell(session, "agent_thought_chunk", json_get(block, "thinking"));
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
	if (json_type(error) != JSON_STRING)
		return;
	free(session->error);
	session->error = json_string_dup(error);
}

void native_line(struct session *session, struct span line)
{
	size_t bad_offset;
	line = span_trim(line);
	if (line.n == 0 || session->base.is_gone)
		return;
	if (json_check(line, &bad_offset) < 0 || json_type(line) != JSON_OBJECT) {
		size_t n = line.n < NATIVE_QUOTE_BYTES ? line.n : NATIVE_QUOTE_BYTES;
		adapter_log(session->base.adapter, "Amp printed no JSON: %.*s", (int)n, line.p);
		return;
	}
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
