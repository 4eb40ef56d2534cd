#include "adapter/sessions.h"

#include "adapter/argv.h"
#include "adapter/mcp.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The protocol version of ACP that is spoken. */
enum { ACP_VERSION = 1 };

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
	if (session && session_base_is_open(session_base(session)))
		return session;
	adapter_error(adapter, envelope->id, RPC_RESOURCE_NOT_FOUND,
		      "no open session with this id");
	return NULL;
}

/* Is there room for one more? 0, or -1. */
static int check_room(const struct adapter *adapter, struct sa_error *err)
{
	int count = 0;
	for (struct session *s = adapter->sessions; s; s = session_base(s)->next)
		count++;
	return count < adapter->agent->sessions_max
		   ? 0
		   : error_set(err, PROBLEM_SESSION_BUSY, "%d sessions are open already", count);
}

int sessions_add_program(const struct adapter *adapter, struct argv *argv, struct sa_error *err)
{
	const struct adapter_agent *agent = adapter->agent;
	cleanup_free char *path =
	    argv_find_agent(adapter->binary, agent->program_variable, agent->program, agent->title,
			    agent->program, err);
	if (!path)
		return -1;
	argv_add(argv, path);
	return 0;
}

/* --- a session is opened ------------------------------------------------------------- */

/* What all check before the agent does. 0, or -1. */
static int open_base(struct adapter_session *base, struct span params, struct sa_error *err)
{
	bool is_taken = base->open == SESSION_LOAD || base->open == SESSION_RESUME;
	struct stat st;
	if (check_room(base->adapter, err) < 0)
		return -1;
	base->cwd = json_string_dup(json_get(params, "cwd"));
	if (!base->cwd || base->cwd[0] != '/')
		return error_set(err, PROBLEM_INVALID_REQUEST, "cwd must be an absolute path");
	if (stat(base->cwd, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "cwd '%s' is not there, or no folder", base->cwd);
	if (mcp_check(json_get(params, "mcpServers"), err) < 0)
		return -1;
	if (is_taken && sessions_find(base->adapter, json_get(params, "sessionId")))
		return error_set(err, PROBLEM_CONFLICT, "that session is open already");
	return 0;
}

static void open_session(struct adapter *adapter, const struct envelope *envelope,
			 enum session_open open)
{
	const struct adapter_agent *agent = adapter->agent;
	struct sa_error err = SA_ERROR_INIT;
	struct session *session = xcalloc(1, agent->session_bytes);
	struct adapter_session *base = session_base(session);
	session_base_init(base, adapter);
	base->open = open;
	base->open_request = envelope->id.p ? xmemdup0(envelope->id.p, envelope->id.n) : NULL;
	agent->init(session);
	if (open_base(base, envelope->params, &err) < 0 ||
	    agent->open(session, envelope->params, &err) < 0) {
		adapter_refuse(adapter, envelope->id, &err);
		session_free(session);
		return;
	}
	base->next = adapter->sessions;
	adapter->sessions = session;
}

/* --- the methods that all answer alike ----------------------------------------------- */

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
	open_session(adapter, envelope, SESSION_NEW);
}

void method_load(struct adapter *adapter, const struct envelope *envelope)
{
	open_session(adapter, envelope, SESSION_LOAD);
}

void method_resume(struct adapter *adapter, const struct envelope *envelope)
{
	open_session(adapter, envelope, SESSION_RESUME);
}

void method_fork(struct adapter *adapter, const struct envelope *envelope)
{
	open_session(adapter, envelope, SESSION_FORK);
}

void method_close(struct adapter *adapter, const struct envelope *envelope)
{
	struct session *session = sessions_named(adapter, envelope);
	if (!session)
		return;
	cleanup_free char *id = envelope->id.p ? xmemdup0(envelope->id.p, envelope->id.n) : NULL;
	session_base_end(session_base(session), id);
}

void method_prompt(struct adapter *adapter, const struct envelope *envelope)
{
	const struct adapter_agent *agent = adapter->agent;
	struct session *session = sessions_named(adapter, envelope);
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf body = BUF_INIT(PROMPT_BYTES);
	if (!session)
		return;
	if (prompt_write(&body, json_get(envelope->params, "prompt"), agent->write_part, &err) <
		0 ||
	    session_base_check(session_base(session), &err) < 0 ||
	    prompts_add(&session_base(session)->prompts, envelope->id, &body, &err) < 0)
		adapter_refuse(adapter, envelope->id, &err);
	else
		session_base_next(session_base(session));
}

void method_delete(struct adapter *adapter, const struct envelope *envelope)
{
	const struct adapter_agent *agent = adapter->agent;
	struct span named = json_get(envelope->params, "sessionId");
	cleanup_free char *id = json_string_dup(named);
	cleanup_free char *path = id ? agent->find_record(id) : NULL;
	if (sessions_find(adapter, named))
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS,
			      "the session is open; close it first");
	else if (!path)
		adapter_error(adapter, envelope->id, RPC_RESOURCE_NOT_FOUND,
			      "%s has no such session", agent->called);
	else if (unlink(path) < 0)
		adapter_error(adapter, envelope->id, RPC_INTERNAL_ERROR, "remove '%s': %s", path,
			      strerror(errno));
	else
		adapter_result(adapter, envelope->id, SPAN_LIT("{}"));
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
			session_base_interrupt(session_base(s));
}

/* The number of a config option (a JSON string), -1: there is none. */
static int setting_by_id(const struct adapter_agent *agent, struct span id)
{
	for (int i = 0; agent->setting_ids[i]; i++)
		if (json_string_is(id, agent->setting_ids[i]))
			return i;
	return -1;
}

static void change(struct adapter *adapter, const struct envelope *envelope, struct span option,
		   const char *member, enum session_reply reply)
{
	struct session *session = sessions_named(adapter, envelope);
	int setting = setting_by_id(adapter->agent, option);
	if (session && setting < 0)
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such option");
	else if (session)
		adapter->agent->change(session, envelope, setting,
				       json_get(envelope->params, member), reply);
}

void method_set_mode(struct adapter *adapter, const struct envelope *envelope)
{
	change(adapter, envelope, SPAN_LIT("\"mode\""), "modeId", REPLY_EMPTY);
}

/* ACP SDKs before 2.0. */
void method_set_model(struct adapter *adapter, const struct envelope *envelope)
{
	change(adapter, envelope, SPAN_LIT("\"model\""), "modelId", REPLY_EMPTY);
}

void method_set_option(struct adapter *adapter, const struct envelope *envelope)
{
	change(adapter, envelope, json_get(envelope->params, "configId"), "value", REPLY_OPTIONS);
}

/* --- the loop's hooks ---------------------------------------------------------------- */

int64_t sessions_tick(struct adapter *adapter)
{
	int64_t deadline = DEADLINE_NEVER;
	for (struct session **link = &adapter->sessions; *link;) {
		struct session *session = *link;
		struct adapter_session *base = session_base(session);
		if (base->is_gone && !child_is_alive(&base->child)) {
			*link = base->next;
			session_free(session);
			continue;
		}
		int64_t next =
		    adapter->agent->tick ? adapter->agent->tick(session) : session_base_tick(base);
		deadline = next < deadline ? next : deadline;
		link = &base->next;
	}
	return deadline;
}

void sessions_end(struct adapter *adapter)
{
	for (struct session *s = adapter->sessions; s; s = session_base(s)->next) {
		struct adapter_session *base = session_base(s);
		if (!base->is_gone && (base->open_request || session_base_is_open(base)))
			session_base_end(base, NULL);
	}
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
		session_free(session);
	}
	return result;
}
