#include "traffic.h"

#include "acp/envelope.h"
#include "agent_io.h"
#include "asks.h"
#include "base/clock.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "batch.h"
#include "calls.h"
#include "json/scan.h"
#include "json/write.h"
#include "prompts.h"
#include "sessions.h"

#include <stdlib.h>
#include <string.h>

static struct span session_span(const struct session_track *t)
{
	return t ? span_of(t->record.id) : SPAN_NONE;
}

/* --- from clients ----------------------------------------------------------- */

/* What a request will mean once it is answered. */
static void learn_request(struct supervisor *sv, struct call *call, const struct envelope *e,
			  const struct client_message *message)
{
	struct session_track *t = sessions_of_params(sv, e->params);
	call->session = t;
	if (strcmp(call->method, "session/prompt") == 0 && t) {
		if (t->running++ == 0) {
			t->turn_started = clock_monotonic_ms();
			t->is_cancel_sent = false;
		}
		sessions_refresh(t);
		sv->last_byte_ms = clock_monotonic_ms();
		return;
	}
	call->session_name = xstrdup(message->session_name);
	call->cwd = json_string_dup(json_get(e->params, "cwd"));
	if (strcmp(call->method, "session/load") == 0 && t)
		t->is_replay_hidden = message->is_replay_hidden;
}

static int send_request(struct supervisor *sv, const struct client_message *message,
			const struct envelope *e, struct sa_error *err)
{
	struct call *call = calls_add(sv, message->client, message->ref, e, err);
	if (!call)
		return -1;
	learn_request(sv, call, e, message);
	struct buf line = BUF_INIT(BUF_MAX_OWN);
	char wire_id[24];
	snprintf(wire_id, sizeof(wire_id), "%lld", (long long)call->wire_id);
	envelope_add_with_id(&line, e, span_of(wire_id));
	agent_io_send(sv, buf_span(&line));
	buf_free(&line);
	int64_t index = batch_add_event(sv, SENDER_CLIENT, session_span(call->session), e->text,
					SPAN_NONE, SPAN_NONE);
	batch_add_delivery(sv, DELIVER_ACCEPTED, message->client, message->ref, index);
	return 0;
}

/* $/cancel_request names the client's own id: the agent knows the wire id. */
static void send_cancel_request(struct supervisor *sv, uint64_t client, const struct envelope *e)
{
	struct span id = json_get(e->params, "requestId");
	const struct call *call = id.p ? calls_find_own(sv, client, id) : NULL;
	if (!call) {
		agent_io_send(sv, e->text);
		return;
	}
	struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_add(&line, e->text.p, (size_t)(id.p - e->text.p));
	buf_addf(&line, "%lld", (long long)call->wire_id);
	buf_add(&line, id.p + id.n, (size_t)(e->text.p + e->text.n - (id.p + id.n)));
	agent_io_send(sv, buf_span(&line));
	buf_free(&line);
}

/* ACP "Cancellation": the client answers what the agent has asked with "cancelled". */
static void cancel_asks(struct supervisor *sv, struct session_track *t)
{
	for (struct ask_track *ask = sv->asks; ask; ask = ask->next) {
		const char *result = NULL;
		if (ask->record.state != ASK_OPEN || ask->session != t)
			continue;
		if (strcmp(ask->record.method, "session/request_permission") == 0)
			result = "{\"outcome\":{\"outcome\":\"cancelled\"}}";
		else if (strcmp(ask->record.method, "elicitation/create") == 0)
			result = "{\"action\":\"cancel\"}";
		if (!result)
			continue;
		cleanup_free char *text =
		    xasprintf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}", ask->record.rpc_id,
			      result);
		agent_io_send(sv, span_of(text));
		batch_add_event(sv, SENDER_CLIENT, session_span(t), span_of(text), SPAN_NONE,
				span_of(ask->record.method));
		asks_settle(sv, ask, ASK_CANCELLED, span_of(text));
	}
}

static void send_other(struct supervisor *sv, const struct client_message *message,
		       const struct envelope *e)
{
	struct session_track *t = sessions_of_params(sv, e->params);
	if (e->kind == ENVELOPE_NOTIFICATION && envelope_is(e, "$/cancel_request"))
		send_cancel_request(sv, message->client, e);
	else
		agent_io_send(sv, e->text);
	int64_t index = batch_add_event(sv, SENDER_CLIENT, session_span(t), e->text, SPAN_NONE,
					SPAN_NONE);
	batch_add_delivery(sv, DELIVER_ACCEPTED, message->client, message->ref, index);
	if (e->kind == ENVELOPE_NOTIFICATION && t && envelope_is(e, "session/cancel"))
		cancel_asks(sv, t);
}

int traffic_settle_ask(struct supervisor *sv, struct ask_track *ask, struct span response,
		       uint64_t client, int64_t ref, struct sa_error *err)
{
	if (agent_io_refuses(sv, err))
		return -1;
	agent_io_send(sv, response);
	int64_t index = batch_add_event(sv, SENDER_CLIENT, session_span(ask->session), response,
					SPAN_NONE, span_of(ask->record.method));
	asks_settle(sv, ask, ASK_ANSWERED, response);
	batch_add_delivery(sv, DELIVER_SETTLED, client, ref, index);
	sv->last_byte_ms = clock_monotonic_ms();
	return 0;
}

int traffic_from_client(struct supervisor *sv, const struct client_message *message,
			struct sa_error *err)
{
	struct envelope e;
	envelope_read(message->payload, &e);
	if (e.kind == ENVELOPE_NOT_JSON || json_type(e.text) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the payload is no JSON object");
	if (!utf8_is_valid(e.text))
		return error_set(err, PROBLEM_INVALID_REQUEST, "the payload is not UTF-8");
	if (e.text.n > sv->options->line_limit_bytes)
		return error_set(err, PROBLEM_TOO_LARGE,
				 "a message of %zu bytes is over the line limit", e.text.n);
	if (agent_io_refuses(sv, err))
		return -1;
	if (e.kind == ENVELOPE_REQUEST)
		return send_request(sv, message, &e, err);
	if (e.kind == ENVELOPE_RESPONSE) {
		struct ask_track *ask = asks_find_id(sv, e.id);
		if (ask)
			return traffic_settle_ask(sv, ask, e.text, message->client, message->ref,
						  err);
		if (asks_was_settled(sv, e.id))
			return error_set(err, PROBLEM_CONFLICT, "that request is answered already");
	}
	send_other(sv, message, &e);
	return 0;
}

void traffic_cancel(struct supervisor *sv, struct session_track *session)
{
	struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{");
	json_kv_string(&line, "sessionId", session->record.agent_session_id);
	buf_adds(&line, "}}");
	struct client_message message = {.payload = buf_span(&line)};
	struct sa_error ignored;
	traffic_from_client(sv, &message, &ignored);
	buf_free(&line);
}

/* --- from the agent ---------------------------------------------------------- */

static void learn_new_session(struct supervisor *sv, struct call *call, struct span result)
{
	struct span id = json_get(result, "sessionId");
	if (json_type(id) == JSON_STRING)
		call->session = sessions_open(sv, id, call->session_name, call->cwd);
	if (call->session)
		sessions_learn_result(call->session, result);
}

/* session/load and session/resume: the session named in the request lives again. */
static void learn_resumed(struct session_track *t, struct span result)
{
	t->record.state = SESSION_IDLE;
	free(t->record.end_reason);
	t->record.end_reason = NULL;
	sessions_refresh(t);
	sessions_learn_result(t, result);
}

static void learn_answer(struct supervisor *sv, struct call *call, const struct envelope *e)
{
	const char *method = call->method;
	struct session_track *t = call->session;
	bool is_ok = e->result.p && !e->error.p;
	if (strcmp(method, "session/prompt") == 0 && t) {
		t->running -= t->running > 0;
		sessions_refresh(t);
	} else if (strcmp(method, "session/new") == 0 && is_ok) {
		learn_new_session(sv, call, e->result);
	} else if (t && (strcmp(method, "session/load") == 0 ||
			 strcmp(method, "session/resume") == 0)) {
		t->is_replay_hidden = false;
		if (is_ok)
			learn_resumed(t, e->result);
	} else if (is_ok && t &&
		   (strcmp(method, "session/close") == 0 || strcmp(method, "session/delete") == 0)) {
		sessions_set_over(t, SESSION_CLOSED, "closed");
	} else if (is_ok && t && strcmp(method, "session/set_config_option") == 0) {
		sessions_learn_result(t, e->result);
	} else if (is_ok && strcmp(method, "initialize") == 0) {
		free(sv->server.initialize_json);
		sv->server.initialize_json = xmemdup0(e->result.p, e->result.n);
	}
}

static void on_response(struct supervisor *sv, const struct envelope *e, struct span raw)
{
	struct call *call = calls_find(sv, e->id);
	if (!call) {
		batch_add_event(sv, SENDER_AGENT, SPAN_NONE, e->text, raw, SPAN_NONE);
		return;
	}
	learn_answer(sv, call, e);
	struct session_track *t = call->session;
	struct buf payload = BUF_INIT(BUF_MAX_OWN);
	envelope_add_with_id(&payload, e, span_of(call->id_json));
	int64_t index = batch_add_event(sv, SENDER_AGENT, session_span(t), buf_span(&payload), raw,
					span_of(call->method));
	buf_free(&payload);
	batch_add_delivery(sv, DELIVER_ANSWER, call->client, call->ref, index);
	bool is_turn_over = t && strcmp(call->method, "session/prompt") == 0 && t->running == 0;
	calls_remove(sv, call);
	if (is_turn_over)
		prompts_next(sv, t);
}

static void on_notification(struct supervisor *sv, const struct envelope *e, struct span raw)
{
	struct session_track *t = sessions_of_params(sv, e->params);
	bool is_update = envelope_is(e, "session/update");
	if (!t && is_update)
		t = sessions_open_early(sv, json_get(e->params, "sessionId"));
	if (t && is_update) {
		if (t->is_replay_hidden)
			return;
		sessions_learn_update(t, e->params);
	}
	batch_add_event(sv, SENDER_AGENT, session_span(t), e->text, raw, SPAN_NONE);
}

static void on_request(struct supervisor *sv, const struct envelope *e, struct span raw)
{
	struct session_track *t = sessions_of_params(sv, e->params);
	int64_t index =
	    batch_add_event(sv, SENDER_AGENT, session_span(t), e->text, raw, SPAN_NONE);
	asks_add(sv, e, index, t);
}

/* A notification of the supervisor's own about the agent's process or output. */
static void add_notice(struct supervisor *sv, const char *method, struct buf *params)
{
	struct buf payload = BUF_INIT(BUF_MAX_OWN);
	json_open(&payload, '{');
	json_kv_string(&payload, "jsonrpc", "2.0");
	json_kv_string(&payload, "method", method);
	json_kv_raw(&payload, "params", buf_span(params));
	json_close(&payload, '}');
	batch_add_event(sv, SENDER_SYSTEM, SPAN_NONE, buf_span(&payload), SPAN_NONE, SPAN_NONE);
	buf_free(&payload);
	buf_free(params);
}

static void on_noise(struct supervisor *sv, struct span line, size_t bad_offset)
{
	struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_key(&params, "error");
	char *text = xasprintf("not JSON at byte %zu", bad_offset);
	json_add_string(&params, span_of(text));
	free(text);
	json_kv_span(&params, "raw", line);
	json_close(&params, '}');
	add_notice(sv, "_adapter/invalid_stdout", &params);
}

void traffic_line_too_long(struct supervisor *sv, struct span head, uint64_t bytes)
{
	struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_string(&params, "error", "line over the limit, skipped");
	json_kv_int(&params, "bytes", (int64_t)bytes);
	json_kv_int(&params, "limitBytes", (int64_t)sv->options->line_limit_bytes);
	json_kv_span(&params, "head", head);
	json_close(&params, '}');
	add_notice(sv, "_adapter/line_too_long", &params);
}

void traffic_from_agent(struct supervisor *sv, struct span line)
{
	struct envelope e;
	struct span raw = SPAN_NONE;
	struct buf repaired = BUF_INIT(BUF_MAX_OWN);
	if (span_trim(line).n == 0)
		return;
	envelope_read(line, &e);
	if (!utf8_is_valid(e.text)) {
		/* Records are UTF-8; the bytes as they came are kept beside the repaired ones. */
		raw = e.text;
		utf8_add_repaired(&repaired, e.text);
		envelope_read(buf_span(&repaired), &e);
	}
	switch (e.kind) {
	case ENVELOPE_NOT_JSON:
		on_noise(sv, e.text, e.bad_offset);
		break;
	case ENVELOPE_RESPONSE:
		on_response(sv, &e, raw);
		break;
	case ENVELOPE_NOTIFICATION:
		on_notification(sv, &e, raw);
		break;
	case ENVELOPE_REQUEST:
		on_request(sv, &e, raw);
		break;
	case ENVELOPE_OTHER:
		batch_add_event(sv, SENDER_AGENT, SPAN_NONE, e.text, raw, SPAN_NONE);
		break;
	}
	buf_free(&repaired);
}

/* --- the agent's end ---------------------------------------------------------- */

static void answer_for_the_dead(struct supervisor *sv, const struct call *call, const char *how)
{
	struct buf payload = BUF_INIT(BUF_MAX_OWN);
	json_open(&payload, '{');
	json_kv_string(&payload, "jsonrpc", "2.0");
	json_kv_raw(&payload, "id", span_of(call->id_json));
	json_key(&payload, "error");
	json_open(&payload, '{');
	json_kv_int(&payload, "code", RPC_INTERNAL_ERROR);
	json_kv_string(&payload, "message", how);
	json_key(&payload, "data");
	json_open(&payload, '{');
	json_kv_string(&payload, "kind", problem_info(PROBLEM_AGENT_PROCESS_EXITED)->name);
	json_kv_string(&payload, "agent", sv->server.agent);
	agent_io_add_exit(sv, &payload);
	buf_adds(&payload, "}}}");
	int64_t index = batch_add_event(sv, SENDER_SYSTEM, session_span(call->session),
					buf_span(&payload), SPAN_NONE, span_of(call->method));
	buf_free(&payload);
	batch_add_delivery(sv, DELIVER_ANSWER, call->client, call->ref, index);
}

void traffic_agent_ended(struct supervisor *sv)
{
	cleanup_free char *how = agent_io_how_it_ended(sv);
	struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_bool(&params, "success", sv->agent_status == 0);
	agent_io_add_exit(sv, &params);
	json_kv_string(&params, "reason", sv->end_reason);
	json_close(&params, '}');
	add_notice(sv, "_adapter/agent_exited", &params);
	prompts_refuse_all(sv, how);
	while (sv->call_count) {
		answer_for_the_dead(sv, &sv->calls[0], how);
		calls_remove(sv, &sv->calls[0]);
	}
	asks_lose_all(sv);
	sessions_end_all(sv, sv->is_closing ? SESSION_CLOSED : SESSION_INTERRUPTED,
			 sv->end_reason ? sv->end_reason : how);
}
