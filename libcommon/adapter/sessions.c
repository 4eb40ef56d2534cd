#include "adapter/sessions.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

/* The protocol version of ACP that is spoken. */
enum { ACP_VERSION = 1 };

void session_take(char **text)
{
	free(*text);
	*text = NULL;
}

/* --- the list ------------------------------------------------------------------------ */

struct session *sessions_find(const struct adapter *adapter, struct span id)
{
	for (struct session *s = adapter->sessions; s; s = session_base(s)->next) {
		const struct adapter_session *base = session_base(s);
		if (base->id && !base->is_gone && json_string_is(id, base->id))
			return s;
	}
	return NULL;
}

struct session *sessions_named(struct adapter *adapter, const struct envelope *envelope)
{
	struct session *session = sessions_find(adapter, json_get(envelope->params, "sessionId"));
	if (session && adapter->agent->is_open(session))
		return session;
	adapter_error(adapter, envelope->id, RPC_RESOURCE_NOT_FOUND,
		      "no open session with this id");
	return NULL;
}

int sessions_room(const struct adapter *adapter, struct sa_error *err)
{
	int count = 0;
	for (struct session *s = adapter->sessions; s; s = session_base(s)->next)
		count++;
	return count < adapter->agent->sessions_max
		   ? 0
		   : error_set(err, PROBLEM_SESSION_BUSY, "%d sessions are open already", count);
}

/* --- one session ----------------------------------------------------------------------- */

void session_base_init(struct adapter_session *base, struct adapter *adapter)
{
	*base = (struct adapter_session){.adapter = adapter, .cancel_deadline = DEADLINE_NEVER};
	child_init(&base->child);
}

void session_base_free(struct adapter_session *base)
{
	child_free(&base->child);
	while (base->prompts.first)
		prompts_pop(&base->prompts);
	session_take(&base->id);
	session_take(&base->cwd);
	session_take(&base->open_request);
	session_take(&base->close_request);
}

int session_base_cwd(struct adapter_session *base, struct span params, struct sa_error *err)
{
	base->cwd = json_string_dup(json_get(params, "cwd"));
	if (!base->cwd || base->cwd[0] != '/')
		return error_set(err, PROBLEM_INVALID_REQUEST, "cwd must be an absolute path");
	return 0;
}

void session_base_add(struct adapter_session *base, const struct envelope *envelope)
{
	struct adapter *adapter = base->adapter;
	base->open_request = envelope->id.p ? xmemdup0(envelope->id.p, envelope->id.n) : NULL;
	base->next = adapter->sessions;
	adapter->sessions = (struct session *)(void *)base;
}

void session_base_refuse(struct adapter_session *base, int64_t code, const char *fmt, ...)
{
	cleanup_buf struct buf why = BUF_INIT(BUF_MAX_OWN);
	va_list ap;
	va_start(ap, fmt);
	buf_vaddf(&why, fmt, ap);
	va_end(ap);
	adapter_error(base->adapter, span_of(base->open_request), code, "%.*s", (int)why.len,
		      why.data ? why.data : "");
	session_take(&base->open_request);
	base->is_gone = true;
}

void session_base_cancel(struct adapter_session *base)
{
	base->adapter->agent->interrupt((struct session *)(void *)base);
	prompts_cancel_waiting(&base->prompts, base->adapter);
}

void session_base_close(struct adapter_session *base, const char *close_request)
{
	if (close_request && !base->close_request)
		base->close_request = xstrdup(close_request);
	if (base->open_request)
		session_base_refuse(base, RPC_INTERNAL_ERROR, "the session is closed");
	session_base_cancel(base);
}

void session_base_closed(struct adapter_session *base)
{
	adapter_result(base->adapter, span_of(base->close_request), SPAN_LIT("{}"));
	base->is_gone = true;
}

int64_t session_base_tick(struct adapter_session *base)
{
	int64_t deadline = child_tick(&base->child);
	if (child_is_alive(&base->child))
		wire_flush(&base->child.wire);
	if (deadline_poll_ms(base->cancel_deadline) == 0) {
		base->cancel_deadline = DEADLINE_NEVER;
		adapter_log(base->adapter, "%s did not stop when asked to: killed",
			    base->adapter->agent->title);
		child_stop(&base->child, 0);
	}
	return base->cancel_deadline < deadline ? base->cancel_deadline : deadline;
}

/* --- the methods that all answer alike --------------------------------------------------- */

void method_initialize(struct adapter *adapter, const struct envelope *envelope)
{
	const struct adapter_agent *agent = adapter->agent;
	struct buf *b = adapter_result_open(adapter, envelope->id);
	json_open(b, '{');
	json_kv_int(b, "protocolVersion", ACP_VERSION);
	json_kv_raw(b, "agentCapabilities", span_of(agent->capabilities));
	json_key(b, "agentInfo");
	json_open(b, '{');
	json_kv_string(b, "name", agent->name);
	json_kv_string(b, "title", agent->title);
	json_kv_string(b, "version", SA_VERSION);
	json_close(b, '}');
	json_kv_raw(b, "authMethods", span_of(agent->auth_methods));
	json_close(b, '}');
	adapter_result_close(adapter);
}

/* An agent reads its credentials itself; logging in needs a person at a browser. */
void method_authenticate(struct adapter *adapter, const struct envelope *envelope)
{
	const struct adapter_agent *agent = adapter->agent;
	if (json_string_is(json_get(envelope->params, "methodId"), agent->login_id))
		adapter_error(adapter, envelope->id, RPC_AUTH_REQUIRED, "%s", agent->login_hint);
	else
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such auth method");
}

void method_new(struct adapter *adapter, const struct envelope *envelope)
{
	adapter->agent->open(adapter, envelope, SESSION_NEW);
}

void method_load(struct adapter *adapter, const struct envelope *envelope)
{
	adapter->agent->open(adapter, envelope, SESSION_LOAD);
}

void method_resume(struct adapter *adapter, const struct envelope *envelope)
{
	adapter->agent->open(adapter, envelope, SESSION_RESUME);
}

void method_fork(struct adapter *adapter, const struct envelope *envelope)
{
	adapter->agent->open(adapter, envelope, SESSION_FORK);
}

void method_close(struct adapter *adapter, const struct envelope *envelope)
{
	struct session *session = sessions_named(adapter, envelope);
	if (!session)
		return;
	cleanup_free char *id = envelope->id.p ? xmemdup0(envelope->id.p, envelope->id.n) : NULL;
	adapter->agent->close(session, id);
}

void method_prompt(struct adapter *adapter, const struct envelope *envelope)
{
	const struct adapter_agent *agent = adapter->agent;
	struct session *session = sessions_named(adapter, envelope);
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf body = BUF_INIT(PROMPT_BYTES);
	if (!session)
		return;
	if (prompt_write(&body, json_get(envelope->params, "prompt"), agent->write_part, &err) < 0 ||
	    (agent->check && agent->check(session, &err) < 0) ||
	    prompts_add(&session_base(session)->prompts, envelope->id, &body, &err) < 0)
		adapter_refuse(adapter, envelope->id, &err);
	else
		agent->next(session);
}

void method_delete(struct adapter *adapter, const struct envelope *envelope)
{
	struct span id = json_get(envelope->params, "sessionId");
	if (sessions_find(adapter, id))
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS,
			      "the session is open; close it first");
	else
		adapter->agent->forget(adapter, envelope->id, id);
}

void method_cancel(struct adapter *adapter, const struct envelope *envelope)
{
	struct session *session = sessions_find(adapter, json_get(envelope->params, "sessionId"));
	if (session)
		session_base_cancel(session_base(session));
	adapter_result(adapter, envelope->id, SPAN_LIT("null"));
}

void method_cancel_request(struct adapter *adapter, const struct envelope *envelope)
{
	struct span id = json_get(envelope->params, "requestId");
	for (struct session *s = adapter->sessions; s; s = session_base(s)->next)
		if (prompts_cancel_request(&session_base(s)->prompts, adapter, id))
			adapter->agent->interrupt(s);
}

static void change(struct adapter *adapter, const struct envelope *envelope, struct span option,
		   const char *member, bool is_option)
{
	struct session *session = sessions_named(adapter, envelope);
	int setting = adapter->agent->setting(option);
	if (session && setting < 0)
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such option");
	else if (session)
		adapter->agent->change(session, envelope, setting,
				       json_get(envelope->params, member), is_option);
}

void method_set_mode(struct adapter *adapter, const struct envelope *envelope)
{
	change(adapter, envelope, SPAN_LIT("\"mode\""), "modeId", false);
}

/* ACP SDKs before 2.0. */
void method_set_model(struct adapter *adapter, const struct envelope *envelope)
{
	change(adapter, envelope, SPAN_LIT("\"model\""), "modelId", false);
}

void method_set_option(struct adapter *adapter, const struct envelope *envelope)
{
	change(adapter, envelope, json_get(envelope->params, "configId"), "value", true);
}

/* --- the loop's hooks ----------------------------------------------------------------------- */

int64_t sessions_tick(struct adapter *adapter)
{
	int64_t deadline = DEADLINE_NEVER;
	for (struct session **link = &adapter->sessions; *link;) {
		struct session *session = *link;
		struct adapter_session *base = session_base(session);
		if (base->is_gone && !child_is_alive(&base->child)) {
			*link = base->next;
			adapter->agent->free(session);
			continue;
		}
		int64_t next = adapter->agent->tick(session);
		deadline = next < deadline ? next : deadline;
		link = &base->next;
	}
	return deadline;
}

void sessions_end(struct adapter *adapter)
{
	for (struct session *s = adapter->sessions; s; s = session_base(s)->next)
		if (!session_base(s)->is_gone &&
		    (adapter->agent->is_open(s) || session_base(s)->open_request))
			adapter->agent->close(s, NULL);
}

static void pause_all(struct adapter *adapter, bool is_paused)
{
	for (struct session *s = adapter->sessions; s; s = session_base(s)->next)
		if (child_is_alive(&session_base(s)->child))
			wire_pause(&session_base(s)->child.wire, is_paused);
}

static bool is_ended(struct adapter *adapter)
{
	return adapter->sessions == NULL;
}

const struct adapter_hooks sessions_hooks = {sessions_tick, pause_all, sessions_end, is_ended};

int sessions_serve(const struct adapter_agent *agent, const char *binary, size_t line_bytes,
		   void *arg, struct adapter *adapter, struct sa_error *err)
{
	int result =
	    adapter_init(adapter, agent->name, line_bytes, agent->methods, agent->hooks, arg, err);
	adapter->agent = agent;
	adapter->binary = binary;
	if (result == 0)
		result = adapter_run(adapter, err);
	while (adapter->sessions) {
		struct session *session = adapter->sessions;
		adapter->sessions = session_base(session)->next;
		agent->free(session);
	}
	return result;
}
