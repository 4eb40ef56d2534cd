#include "native.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "claude.h"
#include "commands.h"
#include "control.h"
#include "permission.h"
#include "session.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

/* A part of the message that streams. */
static void tell(struct session *session, const char *kind, struct span text)
{
	session_base_tell(&session->base, kind, text, session->turn.message_id);
}

static bool is_of_subagent(struct span line)
{
	return json_type(json_get(line, "parent_tool_use_id")) == JSON_STRING;
}

/* --- stream_event -------------------------------------------------------------------- */

static int64_t context_tokens(struct span usage)
{
	int64_t total = 0;
	static const char *const members[] = {"input_tokens", "cache_read_input_tokens",
					      "cache_creation_input_tokens", "output_tokens"};
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (__builtin_add_overflow(total, json_int_or(json_get(usage, members[i]), 0),
					   &total))
			return INT64_MAX;
	return total;
}

static void message_start(struct session *session, struct span message)
{
	struct turn_facts *turn = &session->turn;
	session_keep(&turn->message_id, json_get(message, "id"));
	session_keep(&turn->model, json_get(message, "model"));
	turn->is_streaming = turn->message_id != NULL;
	turn->used = context_tokens(json_get(message, "usage"));
	turn->output = json_int_or(json_path(message, "usage.output_tokens"), 0);
}

static void message_delta(struct session *session, struct span event)
{
	struct turn_facts *turn = &session->turn;
	int64_t output = json_int_or(json_path(event, "usage.output_tokens"), -1);
	if (output < 0 || turn->used < turn->output)
		return;
	if (!__builtin_add_overflow(turn->used - turn->output, output, &turn->used))
		turn->output = output;
}

static void block_delta(struct session *session, struct span delta)
{
	struct span type = json_get(delta, "type");
	if (json_string_is(type, "text_delta"))
		tell(session, "agent_message_chunk", json_get(delta, "text"));
	else if (json_string_is(type, "thinking_delta"))
		tell(session, "agent_thought_chunk", json_get(delta, "thinking"));
}

static void stream_event(struct session *session, struct span line)
{
	struct span event = json_get(line, "event"), type = json_get(event, "type");
	struct span block = json_get(event, "content_block");
	if (json_string_is(type, "content_block_start")) {
		if (json_string_is(json_get(block, "type"), "tool_use"))
			tool_begin(session, json_get(block, "id"), json_get(block, "name"),
				   json_get(line, "parent_tool_use_id"));
	} else if (is_of_subagent(line)) {
		return; /* its text is for the agent that called it */
	} else if (json_string_is(type, "message_start")) {
		message_start(session, json_get(event, "message"));
	} else if (json_string_is(type, "message_delta")) {
		message_delta(session, event);
	} else if (json_string_is(type, "content_block_delta")) {
		block_delta(session, json_get(event, "delta"));
	}
}

/* --- assistant, user ---------------------------------------------------------------------- */

static void assistant_block(struct session *session, struct span line, struct span block,
			    bool is_told)
{
	struct span type = json_get(block, "type");
	if (json_string_is(type, "tool_use"))
		tool_input(session, json_get(block, "id"), json_get(block, "name"),
			   json_get(block, "input"), json_get(line, "parent_tool_use_id"));
	else if (is_told)
		return;
	else if (json_string_is(type, "text"))
		tell(session, "agent_message_chunk", json_get(block, "text"));
	else if (json_string_is(type, "thinking"))
		tell(session, "agent_thought_chunk", json_get(block, "thinking"));
}

static void assistant(struct session *session, struct span line)
{
	struct turn_facts *turn = &session->turn;
	struct span message = json_get(line, "message"), id = json_get(message, "id");
	bool is_sub = is_of_subagent(line);
	if (!is_sub && json_type(json_get(line, "error")) == JSON_STRING)
		session_keep(&turn->error_kind, json_get(line, "error"));
	/* Deltas of this message were forwarded: its whole text comes a second time. */
	bool is_streamed =
	    turn->is_streaming && turn->message_id && json_string_is(id, turn->message_id);
	if (!is_sub && !is_streamed) {
		session_keep(&turn->message_id, id);
		turn->is_streaming = false;
	}
	struct json_iter it = json_iter(json_get(message, "content"));
	struct span block;
	while (json_next(&it, NULL, &block))
		assistant_block(session, line, block, is_sub || is_streamed);
}

static void user(struct session *session, struct span line)
{
	struct json_iter it = json_iter(json_path(line, "message.content"));
	struct span block;
	while (json_next(&it, NULL, &block))
		if (json_string_is(json_get(block, "type"), "tool_result"))
			tool_result(session, block, json_get(line, "tool_use_result"));
}

/* --- control and system --------------------------------------------------------------------- */

static void refuse_control(struct session *session, struct span id, struct span subtype)
{
	cleanup_free char *name = json_string_dup(subtype);
	cleanup_free char *why = xasprintf("'%s' is not supported", name ? name : "?");
	struct buf *b = session_line(session);
	json_open(b, '{');
	json_kv_string(b, "type", "control_response");
	json_key(b, "response");
	json_open(b, '{');
	json_kv_string(b, "subtype", "error");
	json_kv_raw(b, "request_id", id);
	json_kv_string(b, "error", why);
	json_close(b, '}');
	json_close(b, '}');
	buf_addc(b, '\n');
}

static void control_request(struct session *session, struct span line)
{
	struct span id = json_get(line, "request_id"), request = json_get(line, "request");
	struct span subtype = json_get(request, "subtype");
	if (json_type(id) != JSON_STRING)
		return;
	if (json_string_is(subtype, "can_use_tool"))
		permission_request(session, id, request);
	else
		refuse_control(session, id, subtype);
}

static void mode_changed(struct session *session, struct span mode)
{
	struct adapter *adapter = session->base.adapter;
	if (json_type(mode) != JSON_STRING ||
	    json_string_is(mode, session->settings.values[SETTING_MODE]))
		return;
	settings_set(&session->settings, SETTING_MODE, mode);
	struct buf *b = adapter_update_open(adapter, session->base.id, "current_mode_update");
	json_kv_raw(b, "currentModeId", mode);
	adapter_update_close(adapter);
	session_base_tell_options(&session->base);
}

/* Claude may not grant what was asked for: it says so, and why, with the next turn. */
static void fast_reported(struct session *session, struct span line)
{
	cleanup_free char *why = json_string_dup(json_get(line, "fast_mode_disabled_reason"));
	if (!settings_read_fast(&session->settings, json_get(line, "fast_mode_state")))
		return;
	session_base_tell_options(&session->base);
	if (strcmp(session->settings.values[SETTING_FAST], "off") != 0)
		return;
	cleanup_free char *text = xasprintf("**Notice:** Claude has turned its fast mode off%s%s.",
					    why ? ": " : "", why ? why : "");
	adapter_update_text(session->base.adapter, session->base.id, "agent_message_chunk",
			    span_of(text), NULL);
}

static void informational(struct session *session, struct span line)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&text, "**Notice:** ");
	size_t start = text.len;
	if (json_string_add(&text, json_get(line, "content")) == 0 && text.len > start)
		adapter_update_text(session->base.adapter, session->base.id, "agent_message_chunk",
				    buf_span(&text), NULL);
}

static void system_line(struct session *session, struct span line)
{
	struct span subtype = json_get(line, "subtype");
	if (json_string_is(subtype, "init"))
		fast_reported(session, line);
	if (json_string_is(subtype, "session_state_changed"))
		turn_state(session, json_get(line, "state"));
	else if (json_string_is(subtype, "status") || json_string_is(subtype, "init"))
		mode_changed(session, json_get(line, "permissionMode"));
	else if (json_string_is(subtype, "commands_changed"))
		commands_tell(session, json_get(line, "commands"));
	else if (json_string_is(subtype, "informational"))
		informational(session, line);
	else if (json_string_is(subtype, "compact_boundary"))
		adapter_update_text(session->base.adapter, session->base.id, "agent_message_chunk",
				    SPAN_LIT("Compacting completed."), NULL);
}

static void result_line(struct session *session, struct span line)
{
	if (session->base.state == SESSION_STARTING) {
		/* CLAUDE_CODE_STARTUP_FAILURE_RESULTS: why it cannot start. */
		struct json_iter it = json_iter(json_get(line, "errors"));
		struct span first = SPAN_NONE;
		if (!json_next(&it, NULL, &first))
			first = json_get(line, "result");
		session_keep(&session->startup_error, first);
		return;
	}
	fast_reported(session, line);
	turn_result(session, line);
}

void native_line(struct session *session, struct span line)
{
	if (!session_base_takes(&session->base, &line))
		return;
	struct span type = json_get(line, "type");
	if (json_string_is(type, "stream_event"))
		stream_event(session, line);
	else if (json_string_is(type, "assistant"))
		assistant(session, line);
	else if (json_string_is(type, "user"))
		user(session, line);
	else if (json_string_is(type, "control_request"))
		control_request(session, line);
	else if (json_string_is(type, "control_response"))
		control_answered(session, json_get(line, "response"));
	else if (json_string_is(type, "control_cancel_request"))
		permission_cancelled(session, json_get(line, "request_id"));
	else if (json_string_is(type, "system"))
		system_line(session, line);
	else if (json_string_is(type, "result"))
		result_line(session, line);
}
