#include "turn.h"

#include "adapter/prompt.h"
#include "adapter/toolcall.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "command.h"
#include "pi.h"
#include "question.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* --- sending ---------------------------------------------------------------------------- */

/* A prompt_write_fn: an array of ACP-like blocks, which body() sorts into message and images. */
int turn_write_part(struct buf *b, const struct prompt_part *part, struct sa_error *err)
{
	if (part->kind == PROMPT_DOCUMENT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "Pi takes no documents");
	json_open(b, '{');
	json_kv_string(b, "type", part->kind == PROMPT_TEXT ? "text" : "image");
	if (part->kind == PROMPT_TEXT) {
		json_kv_span(b, "text", part->text);
	} else {
		json_kv_raw(b, "data", part->data);
		json_kv_raw(b, "mimeType", part->mime_type);
	}
	json_close(b, '}');
	return 0;
}

/* "message":TEXT,"images":[..] */
static void write_members(struct buf *b, struct span blocks)
{
	cleanup_buf struct buf message = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(blocks);
	struct span block;
	bool has_image = false;
	while (json_next(&it, NULL, &block)) {
		has_image |= json_string_is(json_get(block, "type"), "image");
		if (!json_string_is(json_get(block, "type"), "text"))
			continue;
		if (message.len)
			buf_addc(&message, '\n');
		json_string_add(&message, json_get(block, "text"));
	}
	json_kv_span(b, "message", buf_span(&message));
	if (!has_image)
		return;
	json_key(b, "images");
	json_open(b, '[');
	for (it = json_iter(blocks); json_next(&it, NULL, &block);)
		if (json_string_is(json_get(block, "type"), "image"))
			json_add_raw(b, block);
	json_close(b, ']');
}

void turn_send(struct session *session, struct prompt *prompt)
{
	cleanup_buf struct buf members = BUF_INIT(BUF_MAX_OWN);
	free(session->stop_reason);
	free(session->turn_error);
	session->stop_reason = session->turn_error = NULL;
	memset(session->tokens, 0, sizeof(session->tokens));
	write_members(&members, buf_span(&prompt->body));
	command_prompt(session, prompt->uuid, buf_span(&members));
	prompt->is_sent = true;
	buf_free(&prompt->body);
}

/* --- cancelling --------------------------------------------------------------------------- */

void turn_interrupt(struct session *session)
{
	question_cancel_all(session);
	command_abort(session);
}

/* --- ends --------------------------------------------------------------------------------------
 */

static const char *reason_of(const struct session *session, const struct prompt *prompt)
{
	const char *reason = session->stop_reason ? session->stop_reason : "stop";
	if (prompt->is_cancelled || strcmp(reason, "aborted") == 0)
		return "cancelled";
	if (strcmp(reason, "error") == 0)
		return NULL;
	return strcmp(reason, "length") == 0 ? "max_tokens" : "end_turn";
}

/* Pi tells errors in words only: "401 ..." begins those of a refused key. */
static int64_t error_code(const char *message)
{
	return strncmp(message, "401", 3) == 0 || strstr(message, "nauthorized") ||
		       strstr(message, "o API key")
		   ? RPC_AUTH_REQUIRED
		   : RPC_INTERNAL_ERROR;
}

void turn_settled(struct session *session)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	if (!prompt)
		return;
	const char *reason = reason_of(session, prompt);
	const char *error = session->turn_error ? session->turn_error : "Pi gave no reason";
	toolcall_end_all(&session->base, "failed",
			 prompt->is_cancelled ? "Cancelled" : "No result");
	session->base.cancel_deadline = DEADLINE_NEVER;
	if (!reason && strstr(error, "content_filter"))
		reason = "refusal";
	if (reason)
		prompts_stop_usage(&session->base.prompts, session->base.adapter, reason,
				   session->tokens);
	else
		prompts_fail(&session->base.prompts, session->base.adapter, error_code(error),
			     error);
	session_base_next(&session->base);
}

void turn_accepted(struct session *session, struct span uuid, struct span data)
{
	const struct prompt *prompt = prompts_running(&session->base.prompts);
	if (prompt && json_string_is(uuid, prompt->uuid) &&
	    !json_bool_or(json_get(data, "isStreaming"), true) &&
	    !json_bool_or(json_get(data, "isCompacting"), false))
		turn_settled(session);
}

void turn_refused(struct session *session, const char *why)
{
	struct prompt *prompt = prompts_running(&session->base.prompts);
	if (!prompt)
		return;
	session->base.cancel_deadline = DEADLINE_NEVER;
	if (prompt->is_cancelled)
		prompts_stop(&session->base.prompts, session->base.adapter, "cancelled");
	else
		prompts_fail(&session->base.prompts, session->base.adapter, error_code(why), why);
	session_base_next(&session->base);
}

void turn_fail(struct session *session, const char *why)
{
	session->base.cancel_deadline = DEADLINE_NEVER;
	if (session->base.id)
		toolcall_end_all(&session->base, "failed", why);
	prompts_fail_running(&session->base.prompts, session->base.adapter, why);
}
