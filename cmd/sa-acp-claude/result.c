#include "result.h"

#include "acp/rpc.h"
#include "base/cleanup.h"
#include "claude.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

static void write_usage(struct buf *b, struct span line)
{
	static const char *const names[] = {"input_tokens", "output_tokens",
					    "cache_read_input_tokens",
					    "cache_creation_input_tokens"};
	int64_t tokens[PROMPT_TOKENS] = {0};
	struct span usage = json_get(line, "usage");
	if (json_type(usage) != JSON_OBJECT)
		return;
	prompt_add_tokens(tokens, usage, names);
	prompt_write_usage(b, tokens);
}

/* The context window that the line tells for the turn's model, 0 when it does not. */
static int64_t context_window(const struct session *session, struct span line)
{
	struct json_iter it = json_iter(json_get(line, "modelUsage"));
	struct span key, value;
	int64_t found = 0;
	while (json_next(&it, &key, &value)) {
		int64_t window = json_int_or(json_get(value, "contextWindow"), 0);
		if (session->turn.model && json_string_is(key, session->turn.model))
			return window;
		if (window > found)
			found = window;
	}
	return found;
}

void result_usage(struct session *session, struct span line)
{
	session_base_tell_usage(&session->base, session->turn.used, context_window(session, line),
				json_get(line, "total_cost_usd"));
}

/* NULL: the result is an error. */
static const char *stop_reason(struct span line, bool is_cancelled)
{
	struct span subtype = json_get(line, "subtype"), reason = json_get(line, "stop_reason");
	if (is_cancelled)
		return "cancelled";
	if (json_string_is(reason, "refusal"))
		return "refusal";
	if (json_string_is(subtype, "error_max_turns") ||
	    json_string_is(subtype, "error_max_budget_usd"))
		return "max_turn_requests";
	struct span how = json_string_plain(json_get(line, "terminal_reason"));
	if (how.p && span_starts_with(how, "aborted_"))
		return "cancelled";
	if (json_bool_or(json_get(line, "is_error"), !json_string_is(subtype, "success")))
		return NULL;
	return json_string_is(reason, "max_tokens") ? "max_tokens" : "end_turn";
}

/* The words of an error: the result's text, else its list of errors. */
static void add_words(struct buf *b, struct span line)
{
	if (json_string_add(b, json_get(line, "result")) == 0 && b->len)
		return;
	struct json_iter it = json_iter(json_get(line, "errors"));
	struct span one;
	while (json_next(&it, NULL, &one)) {
		if (b->len)
			buf_adds(b, "; ");
		json_string_add(b, one);
	}
	if (b->len == 0)
		buf_adds(b, "Claude gave no reason");
}

static bool is_auth(const struct session *session, int64_t status)
{
	const char *kind = session->turn.error_kind;
	return status == 401 || (kind && strcmp(kind, "authentication_failed") == 0);
}

static void answer_error(struct session *session, struct span request, struct span line)
{
	struct buf *b = adapter_out(session->base.adapter);
	int64_t status = json_int_or(json_get(line, "api_error_status"), 0);
	cleanup_buf struct buf words = BUF_INIT(BUF_MAX_OWN);
	add_words(&words, line);
	rpc_error_open(b, request,
		       is_auth(session, status) ? RPC_AUTH_REQUIRED : RPC_INTERNAL_ERROR,
		       buf_span(&words));
	json_key(b, "data");
	json_open(b, '{');
	json_kv_string(b, "errorKind",
		       session->turn.error_kind ? session->turn.error_kind : "unknown");
	if (status)
		json_kv_int(b, "httpStatus", status);
	json_close(b, '}');
	rpc_error_close(b);
}

void result_answer(struct session *session, struct span request, bool is_cancelled,
		   struct span line)
{
	struct adapter *adapter = session->base.adapter;
	const char *reason = stop_reason(line, is_cancelled);
	if (!request.p)
		return;
	if (!reason) {
		answer_error(session, request, line);
		return;
	}
	struct buf *b = adapter_result_open(adapter, request);
	json_open(b, '{');
	json_kv_string(b, "stopReason", reason);
	write_usage(b, line);
	json_close(b, '}');
	adapter_result_close(adapter);
}
