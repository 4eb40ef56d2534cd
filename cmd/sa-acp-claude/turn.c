#include "turn.h"

#include "adapter/prompt.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "claude.h"
#include "control.h"
#include "result.h"
#include "session.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

/* --- sending --------------------------------------------------------------------------- */

void turn_send(struct session *session, struct prompt *prompt)
{
	struct turn_facts *turn = &session->turn;
	free(turn->error_kind);
	free(turn->result);
	turn->error_kind = turn->result = NULL;
	turn->used = 0;
	prompt->is_sent = true;
	struct buf *b = session_line(session);
	json_open(b, '{');
	json_kv_string(b, "type", "user");
	json_key(b, "message");
	json_open(b, '{');
	json_kv_string(b, "role", "user");
	json_kv_raw(b, "content", buf_span(&prompt->body));
	json_close(b, '}');
	json_key(b, "parent_tool_use_id");
	json_add_null(b);
	json_kv_string(b, "session_id", session->base.id);
	json_kv_string(b, "uuid", prompt->uuid);
	json_close(b, '}');
	buf_addc(b, '\n');
	buf_free(&prompt->body);
}

/* --- cancelling -------------------------------------------------------------------------- */

void turn_interrupt(struct session *session)
{
	control_send(session, CONTROL_INTERRUPT, SPAN_NONE, SPAN_NONE, REPLY_NONE);
}

/* --- ends ----------------------------------------------------------------------------------- */

/* Answer the running prompt with the result line that is kept. */
static void finish(struct session *session)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	if (!prompt || !session->turn.result)
		return;
	tool_fail_all(session, prompt->is_cancelled ? "Cancelled" : "No result");
	result_answer(session, span_of(prompt->request), prompt->is_cancelled,
		      span_of(session->turn.result));
	free(session->turn.result);
	session->turn.result = NULL;
	session->base.cancel_deadline = DEADLINE_NEVER;
	prompts_pop(&session->base.prompts);
	session_base_next(&session->base);
}

/* A turn that Claude began by itself (a background agent has finished) answers no prompt. */
static bool is_of(const struct prompt *prompt, struct span line)
{
	struct span uuid = json_get(line, "user_message_uuid");
	if (json_type(uuid) == JSON_STRING)
		return json_string_is(uuid, prompt->uuid);
	struct span kind = json_path(line, "origin.kind");
	return json_type(kind) != JSON_STRING || json_string_is(kind, "human");
}

void turn_result(struct session *session, struct span line)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	result_usage(session, line);
	if (!prompt || !is_of(prompt, line))
		return;
	free(session->turn.result);
	session->turn.result = xmemdup0(line.p, line.n);
	if (!session->turn.has_states)
		finish(session);
}

void turn_state(struct session *session, struct span state)
{
	session->turn.has_states = true;
	if (json_string_is(state, "idle"))
		finish(session);
}

void turn_fail(struct session *session, const char *why)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	session->base.cancel_deadline = DEADLINE_NEVER;
	if (!prompt)
		return;
	if (session->turn.result) {
		finish(session); /* all was said but the idle */
		return;
	}
	tool_fail_all(session, why);
	prompts_fail_running(&session->base.prompts, session->base.adapter, why);
}

void turn_drop_all(struct session *session, const char *why)
{
	turn_fail(session, why);
	prompts_fail_all(&session->base.prompts, session->base.adapter, why);
}
