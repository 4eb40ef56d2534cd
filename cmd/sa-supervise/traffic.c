#include "traffic.h"

#include "acp/envelope.h"
#include "agent/provision.h"
#include "agent_io.h"
#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "batch.h"
#include "calls.h"
#include "cancel.h"
#include "host.h"
#include "judge.h"
#include "limits.h"
#include "origin.h"
#include "prompts.h"
#include "sessions.h"
#include "settle.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* --- from clients ----------------------------------------------------------- */

static bool is_opening(const char *method)
{
	return strcmp(method, "session/new") == 0 || strcmp(method, "session/load") == 0 ||
	       strcmp(method, "session/resume") == 0 || strcmp(method, "session/fork") == 0;
}

/* What a request will mean once it is answered. */
static void learn_request(struct supervisor *sv, struct call *call, const struct envelope *e,
			  const struct client_message *message)
{
	struct session_track *t = sessions_of_params(sv, e->params);
	call->session = t;
	if (strcmp(call->method, "session/prompt") == 0 && t) {
		if (t->running++ == 0) {
			t->turn_started = clock_monotonic_ms();
			t->cancel_step = CANCEL_NONE;
		}
		sessions_refresh(t);
		sv->last_byte_ms = clock_monotonic_ms();
		return;
	}
	call->session_name = xstrdup(message->session_name);
	if (message->origin)
		origin_copy(message->origin, &call->origin);
	call->cwd = json_string_dup(json_get(e->params, "cwd"));
	struct span value = SPAN_NONE;
	if (strcmp(call->method, "session/set_mode") == 0)
		value = json_get(e->params, "modeId");
	else if (strcmp(call->method, "session/set_model") == 0)
		value = json_get(e->params, "modelId");
	else if (is_opening(call->method) && e->params.n <= SETUP_BYTES_MAX)
		call->open_json = e->params.p ? xmemdup0(e->params.p, e->params.n) : NULL;
	if (value.p && value.n <= SETUP_BYTES_MAX)
		call->value = xmemdup0(value.p, value.n);
	if (strcmp(call->method, "session/load") == 0 && t)
		t->is_replay_hidden = message->is_replay_hidden;
}

static int send_request(struct supervisor *sv, const struct client_message *message,
			const struct envelope *e, struct sa_error *err)
{
	/* The values are for the agent alone: the record has the names. */
	cleanup_buf struct buf expanded = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf primed = BUF_INIT(BUF_MAX_OWN);
	if (message->is_expanding && provision_add_expanded(e->text, &expanded, err) < 0)
		return -1;
	const struct session_track *prompted =
	    envelope_is(e, "session/prompt") ? sessions_of_params(sv, e->params) : NULL;
	if (prompted && limits_check(sv, prompted, err) < 0)
		return -1;
	struct call *call = calls_add(sv, message->client, message->ref, e, err);
	if (!call)
		return -1;
	learn_request(sv, call, e, message);
	if (strcmp(call->method, "initialize") == 0)
		host_learn(sv, message->is_hosting);
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	struct envelope sent = *e;
	if (message->is_expanding)
		envelope_read(buf_span(&expanded), &sent);
	if (strcmp(call->method, "session/prompt") == 0 && call->session && call->session->primer &&
	    origin_add_primed(&primed, e, span_of(call->session->primer)) == 0)
		envelope_read(buf_span(&primed), &sent);
	envelope_add_with_id(&line, &sent, span_of(call->wire_json));
	agent_io_send(sv, buf_span(&line));
	int64_t index = batch_add_event(sv, SENDER_CLIENT, sessions_id(call->session), e->text,
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
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_add(&line, e->text.p, (size_t)(id.p - e->text.p));
	buf_adds(&line, call->wire_json);
	buf_add(&line, id.p + id.n, (size_t)(e->text.p + e->text.n - (id.p + id.n)));
	agent_io_send(sv, buf_span(&line));
}

static void send_other(struct supervisor *sv, const struct client_message *message,
		       const struct envelope *e)
{
	struct session_track *t = sessions_of_params(sv, e->params);
	if (e->kind == ENVELOPE_NOTIFICATION && envelope_is(e, "$/cancel_request"))
		send_cancel_request(sv, message->client, e);
	else
		agent_io_send(sv, e->text);
	int64_t index =
	    batch_add_event(sv, SENDER_CLIENT, sessions_id(t), e->text, SPAN_NONE, SPAN_NONE);
	batch_add_delivery(sv, DELIVER_ACCEPTED, message->client, message->ref, index);
	if (e->kind == ENVELOPE_NOTIFICATION && t && envelope_is(e, "session/cancel")) {
		settle_cancel(sv, t);
		cancel_note(t);
	}
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
			return settle_by_client(sv, ask, e.text, message, err);
		bool is_ours = false;
		if (asks_was_settled(sv, e.id, &is_ours)) {
			/* A client that answers whatever it sees has done nothing wrong. */
			if (!is_ours)
				return error_set(err, PROBLEM_CONFLICT,
						 "that request is answered already");
			batch_add_delivery(sv, DELIVER_ACCEPTED, message->client, message->ref,
					   sv->server.last_index);
			return 0;
		}
	}
	send_other(sv, message, &e);
	return 0;
}

void traffic_cancel(struct supervisor *sv, struct session_track *session)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{");
	json_kv_string(&line, "sessionId", session->record.agent_session_id);
	buf_adds(&line, "}}");
	struct client_message message = {.payload = buf_span(&line)};
	struct sa_error ignored;
	/* An agent that does not read is not waited for either: force follows. */
	if (traffic_from_client(sv, &message, &ignored) < 0)
		cancel_note(session);
}

/* --- from the agent ---------------------------------------------------------- */

static void learn_new_session(struct supervisor *sv, struct call *call, struct span result)
{
	struct span id = json_get(result, "sessionId");
	call->session = NULL; /* a fork's parent */
	if (json_type(id) == JSON_STRING)
		call->session = sessions_open(sv, id, call->session_name, call->cwd);
	if (!call->session)
		return;
	judge_open_session(sv, call->session);
	limits_recall(sv, call->session);
	sessions_learn_opening(call->session, call->open_json);
	sessions_learn_result(call->session, result);
}

/* session/load and session/resume: the session named in the request lives again. */
static void learn_resumed(struct supervisor *sv, struct session_track *t, const struct call *call,
			  struct span result)
{
	sessions_learn_opening(t, call->open_json);
	if (call->cwd) {
		free(t->record.cwd);
		t->record.cwd = xstrdup(call->cwd);
	}
	judge_open_session(sv, t);
	limits_recall(sv, t);
	t->record.state = SESSION_IDLE;
	free(t->record.end_reason);
	t->record.end_reason = NULL;
	sessions_refresh(t);
	sessions_learn_result(t, result);
}

static void close_session(struct supervisor *sv, struct session_track *t)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_CONFLICT, "session '%s' was closed before the prompt's turn",
		  t->record.id);
	settle_cancel(sv, t);
	asks_lose(sv, t);
	sessions_set_over(t, SESSION_CLOSED, "closed");
	host_session_over(sv, t);
	prompts_drop(sv, t, &err);
}

static void learn_answer(struct supervisor *sv, struct call *call, const struct envelope *e)
{
	const char *method = call->method;
	struct session_track *t = call->session;
	bool is_ok = e->result.p && !e->error.p;
	if (strcmp(method, "session/prompt") == 0 && t) {
		t->running -= t->running > 0;
		sessions_refresh(t);
		if (is_ok)
			origin_forget_primer(t);
	} else if ((strcmp(method, "session/new") == 0 || strcmp(method, "session/fork") == 0) &&
		   is_ok) {
		learn_new_session(sv, call, e->result);
	} else if (t &&
		   (strcmp(method, "session/load") == 0 || strcmp(method, "session/resume") == 0)) {
		t->is_replay_hidden = false;
		if (is_ok)
			learn_resumed(sv, t, call, e->result);
	} else if (is_ok && t &&
		   (strcmp(method, "session/close") == 0 ||
		    strcmp(method, "session/delete") == 0)) {
		close_session(sv, t);
	} else if (is_ok && t && strcmp(method, "session/set_config_option") == 0) {
		sessions_learn_result(t, e->result);
	} else if (is_ok && t && call->value) {
		if (strcmp(method, "session/set_mode") == 0)
			sessions_learn_mode(t, span_of(call->value));
		else
			sessions_learn_model(t, span_of(call->value));
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
	struct origin_past past = origin_look(sv, call);
	learn_answer(sv, call, e);
	struct session_track *t = call->session;
	/* Before the answer: it belongs to this turn, and another may follow at once. */
	if (strcmp(call->method, "session/prompt") == 0)
		limits_note(sv, t, span_of(call->method), e->text);
	cleanup_buf struct buf payload = BUF_INIT(BUF_MAX_OWN);
	envelope_add_with_id(&payload, e, span_of(call->id_json));
	int64_t index = batch_add_event(sv, SENDER_AGENT, sessions_id(t), buf_span(&payload), raw,
					span_of(call->method));
	batch_add_delivery(sv, DELIVER_ANSWER, call->client, call->ref, index);
	if (strcmp(call->method, "session/prompt") == 0 && t)
		cancel_turn_ended(sv, t, e);
	if (e->result.p && !e->error.p)
		origin_settle(sv, call, &past);
	bool may_go_on =
	    t && (strcmp(call->method, "session/prompt") == 0 || is_opening(call->method));
	calls_remove(sv, call);
	if (may_go_on && !session_state_is_over(t->record.state))
		prompts_next(sv, t);
}

static void on_notification(struct supervisor *sv, const struct envelope *e, struct span raw)
{
	static const char *const names[] = {"sessionId", "update"};
	struct span f[2];
	json_members(e->params, names, f, 2);
	struct session_track *t =
	    json_type(f[0]) == JSON_STRING ? sessions_find_agent_id(sv, f[0]) : NULL;
	bool is_update = envelope_is(e, "session/update");
	if (!t && is_update)
		t = sessions_open_early(sv, f[0]);
	if (t && is_update) {
		if (t->is_replay_hidden)
			return;
		sessions_learn_update(t, f[1]);
	}
	batch_add_event(sv, SENDER_AGENT, sessions_id(t), e->text, raw, SPAN_NONE);
	if (is_update)
		limits_note(sv, t, SPAN_NONE, e->text);
}

static void on_request(struct supervisor *sv, const struct envelope *e, struct span raw)
{
	struct session_track *t = sessions_of_params(sv, e->params);
	int64_t index = batch_add_event(sv, SENDER_AGENT, sessions_id(t), e->text, raw, SPAN_NONE);
	if (host_takes(sv, e)) {
		host_do(sv, e, t);
		return;
	}
	struct ask_track *ask = asks_add(sv, e, index, t);
	if (ask)
		judge_request(sv, ask, e->text);
}

static void on_noise(struct supervisor *sv, struct span line, size_t bad_offset)
{
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *error = xasprintf("not JSON at byte %zu", bad_offset);
	json_open(&params, '{');
	json_kv_string(&params, "error", error);
	json_kv_span(&params, "raw", line);
	json_close(&params, '}');
	batch_add_notice(sv, NULL, "_adapter/invalid_stdout", buf_span(&params));
}

void traffic_line_too_long(struct supervisor *sv, struct span head, uint64_t bytes)
{
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_string(&params, "error", "line over the limit, skipped");
	json_kv_int(&params, "bytes", (int64_t)bytes);
	json_kv_int(&params, "limitBytes", (int64_t)sv->options->line_limit_bytes);
	json_kv_span(&params, "head", head);
	json_close(&params, '}');
	batch_add_notice(sv, NULL, "_adapter/line_too_long", buf_span(&params));
}

void traffic_from_agent(struct supervisor *sv, struct span line)
{
	struct envelope e;
	struct span raw = SPAN_NONE;
	cleanup_buf struct buf repaired = BUF_INIT(BUF_MAX_OWN);
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
}

/* --- the agent's end ---------------------------------------------------------- */

static void answer_for_the_dead(struct supervisor *sv, const struct call *call, const char *how)
{
	cleanup_buf struct buf payload = BUF_INIT(BUF_MAX_OWN);
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
	int64_t index = batch_add_event(sv, SENDER_SYSTEM, sessions_id(call->session),
					buf_span(&payload), SPAN_NONE, span_of(call->method));
	batch_add_delivery(sv, DELIVER_ANSWER, call->client, call->ref, index);
}

void traffic_agent_ended(struct supervisor *sv)
{
	cleanup_free char *how = agent_io_how_it_ended(sv);
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_bool(&params, "success", sv->agent_status == 0);
	agent_io_add_exit(sv, &params);
	json_kv_string(&params, "reason", sv->end_reason);
	json_close(&params, '}');
	batch_add_notice(sv, NULL, "_adapter/agent_exited", buf_span(&params));
	prompts_refuse_all(sv, sv->is_closing, how);
	while (sv->call_count) {
		answer_for_the_dead(sv, &sv->calls[0], how);
		calls_remove(sv, &sv->calls[0]);
	}
	asks_lose(sv, NULL);
	cancel_agent_ended(sv);
	host_end(sv);
	sessions_end_all(sv, sv->is_closing ? SESSION_CLOSED : SESSION_INTERRUPTED,
			 sv->end_reason ? sv->end_reason : how);
}
