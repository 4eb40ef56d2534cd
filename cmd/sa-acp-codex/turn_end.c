#include "turn_end.h"

#include "acp/rpc.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "codex.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* What went wrong: a name, or an object whose one member has the name and the HTTP status. */
static char *error_kind(struct span info, int64_t *ret_status)
{
	struct json_iter it = json_iter(info);
	struct span key, value;
	*ret_status = 0;
	if (json_type(info) == JSON_STRING)
		return json_string_dup(info);
	if (json_type(info) != JSON_OBJECT || !json_next(&it, &key, &value))
		return xstrdup("other");
	*ret_status = json_int_or(json_get(value, "httpStatusCode"), 0);
	char *kind = json_string_dup(key);
	return kind ? kind : xstrdup("other");
}

/* Codex tells refusals and cut answers by their words only. NULL: a real error. */
static const char *reason_in_words(const char *message)
{
	if (strstr(message, "reason: content_filter"))
		return "refusal";
	return strstr(message, "reason: max_output_tokens") ? "max_tokens" : NULL;
}

static void write_usage(struct buf *b, const struct session *session)
{
	const int64_t *tokens = session->turn_tokens;
	int64_t total;
	if (__builtin_add_overflow(tokens[0], tokens[1], &total) || total == 0)
		return;
	json_key(b, "usage");
	json_open(b, '{');
	json_kv_int(b, "inputTokens", tokens[0]);
	json_kv_int(b, "outputTokens", tokens[1]);
	json_kv_int(b, "cachedReadTokens", tokens[2]);
	json_kv_int(b, "thoughtTokens", tokens[3]);
	json_kv_int(b, "totalTokens", total);
	json_close(b, '}');
}

static void answer_stop(struct session *session, struct span request, const char *reason)
{
	struct buf *b = adapter_result_open(session->base.adapter, request);
	json_open(b, '{');
	json_kv_string(b, "stopReason", reason);
	write_usage(b, session);
	json_close(b, '}');
	adapter_result_close(session->base.adapter);
}

static void answer_error(struct session *session, struct span request, const char *message,
			 struct span info)
{
	struct buf *b = adapter_out(session->base.adapter);
	int64_t status;
	cleanup_free char *kind = error_kind(info, &status);
	bool is_auth = status == 401 || strcmp(kind, "unauthorized") == 0;
	rpc_error_open(b, request, is_auth ? RPC_AUTH_REQUIRED : RPC_INTERNAL_ERROR,
		       span_of(message));
	json_key(b, "data");
	json_open(b, '{');
	json_kv_string(b, "errorKind", kind);
	if (status)
		json_kv_int(b, "httpStatus", status);
	json_close(b, '}');
	rpc_error_close(b);
}

void turn_end_answer(struct session *session, const struct prompt *prompt, struct span turn)
{
	struct span request = span_of(prompt->request), status = json_get(turn, "status");
	if (!request.p)
		return;
	if (prompt->is_cancelled || json_string_is(status, "interrupted")) {
		answer_stop(session, request, "cancelled");
		return;
	}
	if (!json_string_is(status, "failed")) {
		answer_stop(session, request, "end_turn");
		return;
	}
	cleanup_free char *message = json_string_dup(json_path(turn, "error.message"));
	const char *reason = message ? reason_in_words(message) : NULL;
	if (reason)
		answer_stop(session, request, reason);
	else
		answer_error(session, request, message ? message : "Codex gave no reason",
			     json_path(turn, "error.codexErrorInfo"));
}
