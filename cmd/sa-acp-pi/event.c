#include "event.h"

#include "adapter/toolcall.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command.h"
#include "pi.h"
#include "question.h"
#include "session.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

/* The part of a line that is no JSON and is shown in a complaint, bytes. */
enum { EVENT_QUOTE_BYTES = 200 };

static void tell(struct session *session, const char *kind, struct span value)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&text, value) == 0 && text.len)
		adapter_update_text(session->base.adapter, session->base.id, kind, buf_span(&text),
				    NULL);
}

/* --- messages ---------------------------------------------------------------------------- */

static void message_update(struct session *session, struct span event)
{
	struct span type = json_get(event, "type");
	if (json_string_is(type, "text_delta"))
		tell(session, "agent_message_chunk", json_get(event, "delta"));
	else if (json_string_is(type, "thinking_delta"))
		tell(session, "agent_thought_chunk", json_get(event, "delta"));
	else if (json_string_is(type, "toolcall_end"))
		tool_called(session, json_get(event, "toolCall"));
}

static void keep(char **text, struct span value)
{
	free(*text);
	*text = json_string_dup(value);
}

static void tell_usage(struct session *session, struct span usage)
{
	static const char *const members[] = {"input", "output", "cacheRead", "cacheWrite"};
	int64_t used = json_int_or(json_get(usage, "totalTokens"), 0);
	int64_t size = session->settings.context_window;
	struct span cost = json_path(usage, "cost.total");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (__builtin_add_overflow(session->tokens[i],
					   json_int_or(json_get(usage, members[i]), 0),
					   &session->tokens[i]))
			session->tokens[i] = INT64_MAX;
	if (used <= 0 || size <= 0)
		return;
	struct buf *b =
	    adapter_update_open(session->base.adapter, session->base.id, "usage_update");
	json_kv_int(b, "used", used);
	json_kv_int(b, "size", size);
	if (json_double_or(cost, 0) > 0) {
		json_key(b, "cost");
		json_open(b, '{');
		json_kv_raw(b, "amount", cost);
		json_kv_string(b, "currency", "USD");
		json_close(b, '}');
	}
	adapter_update_close(session->base.adapter);
}

/* What the last message of the turn says is how the turn ends. */
static void message_end(struct session *session, struct span message)
{
	if (!json_string_is(json_get(message, "role"), "assistant"))
		return;
	keep(&session->stop_reason, json_get(message, "stopReason"));
	keep(&session->turn_error, json_get(message, "errorMessage"));
	tell_usage(session, json_get(message, "usage"));
}

/* --- the lines -------------------------------------------------------------------------------- */

void event_line(struct session *session, struct span line)
{
	size_t bad_offset;
	line = span_trim(line);
	if (line.n == 0 || session->base.is_gone)
		return;
	if (json_check(line, &bad_offset) < 0 || json_type(line) != JSON_OBJECT) {
		size_t n = line.n < EVENT_QUOTE_BYTES ? line.n : EVENT_QUOTE_BYTES;
		adapter_log(session->base.adapter, "Pi printed no JSON: %.*s", (int)n, line.p);
		return;
	}
	struct span type = json_get(line, "type");
	if (json_string_is(type, "message_update"))
		message_update(session, json_get(line, "assistantMessageEvent"));
	else if (json_string_is(type, "response"))
		command_answered(session, line);
	else if (json_string_is(type, "message_end"))
		message_end(session, json_get(line, "message"));
	else if (json_string_is(type, "tool_execution_start"))
		tool_started(session, line);
	else if (json_string_is(type, "tool_execution_update"))
		tool_updated(session, line);
	else if (json_string_is(type, "tool_execution_end"))
		tool_ended(session, line);
	else if (json_string_is(type, "extension_ui_request"))
		question_asked(session, line);
	else if (json_string_is(type, "agent_settled"))
		turn_settled(session);
}

/* --- history ------------------------------------------------------------------------------------
 */

static void replay_text(struct session *session, const char *kind, struct span content)
{
	struct json_iter it = json_iter(content);
	struct span block;
	if (json_type(content) == JSON_STRING) {
		tell(session, kind, content);
		return;
	}
	while (json_next(&it, NULL, &block))
		if (json_string_is(json_get(block, "type"), "text"))
			tell(session, kind, json_get(block, "text"));
}

static void replay_assistant(struct session *session, struct span message)
{
	struct json_iter it = json_iter(json_get(message, "content"));
	struct span block;
	while (json_next(&it, NULL, &block)) {
		struct span type = json_get(block, "type");
		if (json_string_is(type, "text"))
			tell(session, "agent_message_chunk", json_get(block, "text"));
		else if (json_string_is(type, "thinking"))
			tell(session, "agent_thought_chunk", json_get(block, "thinking"));
		else if (json_string_is(type, "toolCall"))
			tool_called(session, block);
	}
}

void event_replay(struct session *session, struct span messages)
{
	struct json_iter it = json_iter(messages);
	struct span message;
	while (json_next(&it, NULL, &message)) {
		struct span role = json_get(message, "role");
		if (json_string_is(role, "user"))
			replay_text(session, "user_message_chunk", json_get(message, "content"));
		else if (json_string_is(role, "assistant"))
			replay_assistant(session, message);
		else if (json_string_is(role, "toolResult"))
			tool_replayed(session, message);
	}
	toolcall_end_all(&session->base, "failed", "No result");
	session_replayed(session);
}

/* --- slash commands
 * ------------------------------------------------------------------------------- */

void event_keep_commands(struct session *session, struct span commands)
{
	free(session->slash_commands);
	session->slash_commands =
	    json_type(commands) == JSON_ARRAY ? xmemdup0(commands.p, commands.n) : NULL;
}

void event_tell_commands(struct session *session)
{
	if (!session->slash_commands)
		return;
	struct json_iter it = json_iter(span_of(session->slash_commands));
	struct span command;
	struct buf *b = adapter_update_open(session->base.adapter, session->base.id,
					    "available_commands_update");
	json_key(b, "availableCommands");
	json_open(b, '[');
	while (json_next(&it, NULL, &command)) {
		struct span description = json_get(command, "description");
		if (json_type(json_get(command, "name")) != JSON_STRING)
			continue;
		json_open(b, '{');
		json_kv_raw(b, "name", json_get(command, "name"));
		json_kv_raw(b, "description",
			    json_type(description) == JSON_STRING ? description : SPAN_LIT("\"\""));
		json_key(b, "input");
		json_add_null(b);
		json_close(b, '}');
	}
	json_close(b, ']');
	adapter_update_close(session->base.adapter);
	free(session->slash_commands);
	session->slash_commands = NULL;
}
