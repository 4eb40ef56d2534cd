#include "turn.h"

#include "acp/rpc.h"
#include "adapter/prompt.h"
#include "adapter/toolcall.h"
#include "approval.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "codex.h"
#include "commands.h"
#include "session.h"
#include "turn_end.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

void turn_ignore_answer(struct codex *codex, const struct call *call,
			const struct envelope *envelope)
{
	(void)codex;
	(void)call;
	(void)envelope;
}

/* --- sending ----------------------------------------------------------------------------- */

/* A prompt_write_fn: UserInput of the app-server. */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err)
{
	if (part->kind == PROMPT_DOCUMENT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "Codex takes no documents");
	json_open(b, '{');
	if (part->kind == PROMPT_TEXT) {
		json_kv_string(b, "type", "text");
		json_kv_span(b, "text", part->text);
		json_kv_raw(b, "text_elements", SPAN_LIT("[]"));
	} else {
		json_kv_string(b, "type", "image");
		json_key(b, "url");
		buf_adds(b, "\"data:");
		buf_add(b, part->mime_type.p + 1, part->mime_type.n - 2);
		buf_adds(b, ";base64,");
		buf_add(b, part->data.p + 1, part->data.n - 1);
	}
	json_close(b, '}');
	return 0;
}

static void forget_turn(struct session *session)
{
	free(session->turn_id);
	session->turn_id = NULL;
	session->wants_interrupt = false;
	session->base.cancel_deadline = DEADLINE_NEVER;
}

static void send_interrupt(struct session *session)
{
	struct buf *b = server_call_open(session->codex, "turn/interrupt");
	json_open(b, '{');
	json_kv_string(b, "threadId", session->base.id);
	json_kv_string(b, "turnId", session->turn_id);
	json_close(b, '}');
	server_call_close(session->codex, turn_ignore_answer, session, SPAN_NONE);
	session->wants_interrupt = false;
}

void turn_started(struct session *session, struct span turn)
{
	char *id = json_string_dup(json_get(turn, "id"));
	if (!id || !prompts_running(&session->base.prompts) || session->turn_id) {
		free(id);
		return;
	}
	session->turn_id = id;
	if (session->wants_interrupt)
		send_interrupt(session);
}

static void on_started(struct codex *codex, const struct call *call,
		       const struct envelope *envelope)
{
	struct session *session = call->session;
	if (!session || !prompts_running(&session->base.prompts) || !envelope)
		return;
	if (!envelope->error.p) {
		turn_started(session, json_get(envelope->result, "turn"));
		return;
	}
	cleanup_free char *why = call_error(envelope);
	(void)codex;
	forget_turn(session);
	settings_tell_all(&session->settings); /* Codex took nothing of the refused turn */
	prompts_fail_running(&session->base.prompts, session->base.adapter, why);
	session_base_next(&session->base);
}

void turn_send(struct session *session, struct prompt *prompt)
{
	forget_turn(session);
	memset(session->turn_tokens, 0, sizeof(session->turn_tokens));
	prompt->is_sent = true;
	if (commands_run(session, buf_span(&prompt->body), on_started)) {
		buf_free(&prompt->body);
		return;
	}
	struct buf *b = server_call_open(session->codex, "turn/start");
	json_open(b, '{');
	json_kv_string(b, "threadId", session->base.id);
	json_kv_raw(b, "input", buf_span(&prompt->body));
	json_kv_string(b, "summary", "auto"); /* without it there are no thoughts */
	settings_write_turn(b, &session->settings, session->codex,
			    json_get(span_of(session->config), SESSION_ROOTS));
	json_close(b, '}');
	server_call_close(session->codex, on_started, session, SPAN_NONE);
	buf_free(&prompt->body);
}

int turn_check(const struct session *session, struct sa_error *err)
{
	return wire_is_stuck(&session->codex->server.child.wire)
		   ? error_set(err, PROBLEM_AGENT_STALLED, "Codex does not read its input")
		   : 0;
}

/* --- cancelling ------------------------------------------------------------------------------ */

void turn_interrupt(struct session *session)
{
	session->wants_interrupt = true;
	approval_cancel_all(session);
	if (session->turn_id)
		send_interrupt(session);
}

/* --- ends ----------------------------------------------------------------------------------------
 */

void turn_completed(struct session *session, struct span turn)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	if (!prompt ||
	    (session->turn_id && !json_string_is(json_get(turn, "id"), session->turn_id)))
		return;
	approval_drop_all(session);
	toolcall_end_all(&session->base, "failed",
			 prompt->is_cancelled ? "Cancelled" : "No result");
	turn_end_answer(session, prompt, turn);
	prompts_pop(&session->base.prompts);
	forget_turn(session);
	session_base_next(&session->base);
}

void turn_give_up(struct session *session)
{
	if (!prompts_running(&session->base.prompts))
		return;
	toolcall_end_all(&session->base, "failed", "Cancelled");
	prompts_stop(&session->base.prompts, session->base.adapter, "cancelled");
	forget_turn(session);
	session_base_next(&session->base);
}

void turn_lost(struct session *session, const char *why)
{
	toolcall_end_all(&session->base, "failed", why);
	forget_turn(session);
	struct sa_error err = SA_ERROR_INIT;
	prompts_fail_running(&session->base.prompts, session->base.adapter, why);
	if (session->base.prompts.first && !session->base.adapter->is_ending &&
	    session_resume_lost(session, &err) < 0)
		prompts_fail_all(&session->base.prompts, session->base.adapter, err.message);
}

void turn_usage(struct session *session, struct span usage)
{
	static const char *const names[] = {"inputTokens", "outputTokens", "cachedInputTokens",
					    "reasoningOutputTokens"};
	struct span last = json_get(usage, "last");
	int64_t total = json_int_or(json_path(usage, "total.totalTokens"), 0);
	/* Codex says the same once more when only its rate limits have changed. */
	if (total <= 0 || total != session->total_tokens)
		prompt_add_tokens(session->turn_tokens, last, names);
	session->total_tokens = total;
	session_base_tell_usage(&session->base, json_int_or(json_get(last, "totalTokens"), 0),
				json_int_or(json_get(usage, "modelContextWindow"), 0), SPAN_NONE);
}
