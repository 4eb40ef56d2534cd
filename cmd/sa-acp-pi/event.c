#include "event.h"

#include "adapter/toolcall.h"
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

static void tell(struct session *session, const char *kind, struct span text)
{
	session_base_tell(&session->base, kind, text, NULL);
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

static void tell_usage(struct session *session, struct span usage)
{
	static const char *const names[] = {"input", "output", "cacheRead", "cacheWrite"};
	struct span cost = json_path(usage, "cost.total");
	prompt_add_tokens(session->tokens, usage, names);
	session_base_tell_usage(&session->base, json_int_or(json_get(usage, "totalTokens"), 0),
				session->settings.context_window,
				json_double_or(cost, 0) > 0 ? cost : SPAN_NONE);
}

/* What the last message of the turn says is how the turn ends. */
static void message_end(struct session *session, struct span message)
{
	if (!json_string_is(json_get(message, "role"), "assistant"))
		return;
	session_keep(&session->stop_reason, json_get(message, "stopReason"));
	session_keep(&session->turn_error, json_get(message, "errorMessage"));
	tell_usage(session, json_get(message, "usage"));
}

/* Another model may not have the level; what Pi has then is told. */
static void level_changed(struct session *session, struct span level)
{
	if (json_type(level) != JSON_STRING ||
	    json_string_is(level, session->settings.values[SETTING_LEVEL]))
		return;
	settings_set(&session->settings, SETTING_LEVEL, level);
	if (session->base.state == SESSION_READY && !command_is_changing(session))
		session_base_tell_options(&session->base);
}

/* --- the lines -------------------------------------------------------------------------------- */

void event_line(struct session *session, struct span line)
{
	if (!session_base_takes(&session->base, &line))
		return;
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
	else if (json_string_is(type, "thinking_level_changed"))
		level_changed(session, json_get(line, "level"));
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
		else if (json_string_is(json_get(block, "type"), "image"))
			session_base_tell_image(&session->base, kind, json_get(block, "data"),
						json_get(block, "mimeType"));
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
