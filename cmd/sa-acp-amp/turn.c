#include "turn.h"

#include "adapter/prompt.h"
#include "adapter/toolcall.h"
#include "amp.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/proctree.h"
#include "question.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <signal.h>
#include <string.h>

static void write_text(struct buf *b, struct span text)
{
	json_open(b, '{');
	json_kv_string(b, "type", "text");
	json_kv_span(b, "text", text);
	json_close(b, '}');
}

/* A prompt_write_fn: text only; an image would end the process (seen). */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err)
{
	if (part->kind != PROMPT_TEXT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "Amp takes text only here");
	write_text(b, part->text);
	return 0;
}

/* content: content blocks, a JSON array. */
static void send_content(struct session *session, struct span content)
{
	struct buf *b = wire_queue(&session->base.child.wire);
	json_open(b, '{');
	json_kv_string(b, "type", "user");
	json_key(b, "message");
	json_open(b, '{');
	json_kv_string(b, "role", "user");
	json_kv_raw(b, "content", content);
	json_close(b, '}');
	json_close(b, '}');
	buf_addc(b, '\n');
}

void turn_begun(struct session *session)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	session->starts = 0;
	if (prompt)
		buf_free(&prompt->body);
}

void turn_send(struct session *session, struct prompt *prompt)
{
	struct child *child = &session->base.child;
	struct sa_error err = SA_ERROR_INIT;
	if (session->is_stale && child_is_alive(child))
		child_stop(child, AMP_GRACE_MS); /* and anew, in the other mode */
	if (child->state == CHILD_STOPPING)
		return;
	if (session_start(session, &err) < 0) {
		prompts_fail_all(&session->base.prompts, session->base.adapter, err.message);
		return;
	}
	memset(session->tokens, 0, sizeof(session->tokens));
	send_content(session, buf_span(&prompt->body));
	prompt->is_sent = true;
	session->starts++;
}

/* SIGINT ends the process, and that ends the turn. */
void turn_interrupt(struct session *session)
{
	question_drop_all(session);
	if (!child_is_alive(&session->base.child))
		return;
	proctree_signal(session->base.child.pid, 0, SIGINT);
	kill(session->base.child.pid, SIGINT);
}

static void stop(struct session *session, const char *reason)
{
	question_drop_all(session);
	toolcall_end_all(&session->base, "failed", "No result");
	prompts_stop_usage(&session->base.prompts, session->base.adapter, reason, session->tokens);
	session_base_next(&session->base);
}

void turn_done(struct session *session, struct span reason)
{
	cleanup_free char *name = json_string_dup(reason);
	struct prompt *prompt = prompts_running(&session->base.prompts);
	if (!prompt || prompt->is_cancelled)
		return; /* a cancelled one ends with its process */
	free(session->held);
	session->held = name ? TAKE_PTR(name) : xstrdup("end_turn");
	turn_go_on(session);
}

void turn_go_on(struct session *session)
{
	cleanup_buf struct buf text = BUF_INIT(PROMPT_BYTES), content = BUF_INIT(PROMPT_BYTES);
	if (!session->held || question_is_open(session))
		return;
	cleanup_free char *reason = TAKE_PTR(session->held);
	if (!question_tell_late(session, &text)) {
		stop(session, reason);
		return;
	}
	json_open(&content, '[');
	write_text(&content, buf_span(&text));
	json_close(&content, ']');
	send_content(session, buf_span(&content));
}

/* Amp tells errors in words only. */
static int64_t error_code(const char *why)
{
	return strstr(why, "nauthorized") || strstr(why, "access token") || strstr(why, "401")
		   ? RPC_AUTH_REQUIRED
		   : RPC_INTERNAL_ERROR;
}

/* What Amp does not say itself (an exception that it does not catch) is in its log only. */
static void fail(struct session *session, const char *why)
{
	bool is_told = session->error || child_last_words(&session->base.child).n > 0;
	cleanup_free char *text = xasprintf(
	    "%s%s", why,
	    is_told ? ""
		    : " without a word; its log may tell why (~/.cache/amp/logs/cli.log). "
		      "The next prompt goes on.");
	prompts_fail(&session->base.prompts, session->base.adapter, error_code(why), text);
}

void turn_ended(struct session *session, const char *why)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	session->base.cancel_deadline = DEADLINE_NEVER;
	if (!session->base.id)
		return;
	if (prompt && !prompt->is_cancelled && prompt->body.len && !session->error &&
	    session->starts < AMP_STARTS_MAX && session->base.state != SESSION_CLOSING) {
		adapter_log(session->base.adapter, "%s before it began: once more", why);
		prompt->is_sent = false;
		return;
	}
	session->starts = 0;
	session_drop(&session->held);
	question_drop_all(session);
	toolcall_end_all(&session->base, "failed",
			 prompt && prompt->is_cancelled ? "Cancelled" : why);
	if (prompt && prompt->is_cancelled)
		prompts_stop(&session->base.prompts, session->base.adapter, "cancelled");
	else if (prompt)
		fail(session, why);
}
