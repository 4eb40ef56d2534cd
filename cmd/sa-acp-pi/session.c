#include "session.h"

#include "adapter/argv.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "command.h"
#include "event.h"
#include "files.h"
#include "gate.h"
#include "pi.h"
#include "question.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

/* Names of tools that one session may allow for ever, bytes. */
enum { SESSION_ALWAYS_BYTES = 64 * 1024 };
/* Names of MCP servers, bytes: further ones are cut off. */
enum { SESSION_LEFT_OUT_BYTES = 4096 };

/* What Pi is told by its environment unless the caller's says otherwise. */
static const char *const defaults[] = {"PI_SKIP_VERSION_CHECK=1", "PI_TELEMETRY=0"};

void session_free(struct session *session)
{
	session_base_free(&session->base);
	command_fail_all(session, "the session is closed");
	question_drop_all(session);
	tool_free_all(session);
	settings_free(&session->settings);
	buf_free(&session->always);
	buf_free(&session->left_out);
	char **owned[] = {&session->file, &session->stop_reason, &session->slash_commands,
			  &session->turn_error};
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		session_take(owned[i]);
	free(session);
}

/* --- the process -------------------------------------------------------------------------- */

static void on_line(void *arg, struct span line)
{
	event_line(arg, line);
}

static void on_long(void *arg, struct span head, uint64_t bytes)
{
	struct session *session = arg;
	(void)head;
	adapter_log(session->base.adapter, "a line of %llu bytes of Pi was left out",
		    (unsigned long long)bytes);
}

static void on_exit_of_child(void *arg);

static int start(struct session *session, struct sa_error *err)
{
	static const struct wire_events events = {on_line, on_long, NULL};
	struct adapter *adapter = session->base.adapter;
	struct pi *pi = adapter->arg;
	cleanup_free char *binary =
	    argv_find_agent(adapter->binary, "PI_ACP_PI_COMMAND", "pi", "Pi", "pi", err);
	if (!binary || (!pi->gate && gate_write(&pi->gate_folder, &pi->gate, err) < 0))
		return -1;
	cleanup_argv struct argv argv = {NULL, 0}, env = {NULL, 0};
	argv_add(&argv, binary);
	argv_add(&argv, "--mode");
	argv_add(&argv, "rpc");
	argv_add(&argv, "--extension");
	argv_add(&argv, pi->gate);
	if (session->file) {
		argv_add(&argv, "--session");
		argv_add(&argv, session->file);
	}
	argv_add_environment(&env, defaults, ARRAY_SIZE(defaults));
	struct spawn spawn = SPAWN_INIT;
	spawn.path = binary;
	spawn.argv = argv.words;
	spawn.env = env.words;
	spawn.cwd = session->base.cwd;
	if (child_start(&session->base.child, &adapter->loop, &spawn, adapter->line_bytes, &events,
			on_exit_of_child, session, err) < 0)
		return -1;
	session->state = SESSION_STARTING;
	command_start(session);
	return 0;
}

int session_restart(struct session *session, struct sa_error *err)
{
	/* Pi writes its record with the first answer: without one there is nothing to go on with.
	 */
	if (session->file && access(session->file, F_OK) < 0)
		session_take(&session->file);
	return start(session, err);
}

/* --- opening --------------------------------------------------------------------------------- */

static int read_params(struct session *session, struct span params, struct sa_error *err)
{
	struct json_iter it = json_iter(json_get(params, "mcpServers"));
	struct span server;
	if (session_base_cwd(&session->base, params, err) < 0)
		return -1;
	while (json_next(&it, NULL, &server)) {
		buf_adds(&session->left_out, session->left_out.len ? ", " : "");
		json_string_add(&session->left_out, json_get(server, "name"));
	}
	if (session->open == SESSION_NEW)
		return 0;
	session->base.id = json_string_dup(json_get(params, "sessionId"));
	session->file = session->base.id ? files_find(session->base.id) : NULL;
	if (!session->file)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "Pi has no session '%.80s' here",
				 session->base.id ? session->base.id : "");
	if (sessions_find(session->base.adapter, json_get(params, "sessionId")))
		return error_set(err, PROBLEM_CONFLICT, "that session is open already");
	return 0;
}

static int open_checked(struct session *session, struct span params, struct sa_error *err)
{
	if (sessions_room(session->base.adapter, err) < 0 || read_params(session, params, err) < 0)
		return -1;
	return start(session, err);
}

void session_open(struct adapter *adapter, const struct envelope *envelope, enum session_open open)
{
	struct sa_error err = SA_ERROR_INIT;
	struct session *session = xcalloc(1, sizeof(*session));
	session_base_init(&session->base, adapter);
	session->open = open;
	session->always = BUF_INIT(SESSION_ALWAYS_BYTES);
	session->left_out = BUF_INIT(SESSION_LEFT_OUT_BYTES);
	settings_init(&session->settings);
	if (open_checked(session, envelope->params, &err) < 0) {
		adapter_refuse(adapter, envelope->id, &err);
		session_free(session);
		return;
	}
	session_base_add(&session->base, envelope);
}

static void refuse_open(struct session *session, const char *why)
{
	session_base_refuse(&session->base, RPC_INTERNAL_ERROR, "Pi did not start: %s", why);
}

/* Whoever reads the session must see why its servers are missing. */
static void tell_left_out(struct session *session)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (!session->left_out.len)
		return;
	buf_adds(&text, "**Notice:** Pi has no MCP, so these servers are left out: ");
	buf_add_span(&text, buf_span(&session->left_out));
	adapter_update_text(session->base.adapter, session->base.id, "agent_message_chunk",
			    buf_span(&text), NULL);
	buf_free(&session->left_out);
}

static void ready(struct session *session)
{
	struct adapter *adapter = session->base.adapter;
	session->state = SESSION_READY;
	if (session->base.open_request) {
		struct buf *b = adapter_result_open(adapter, span_of(session->base.open_request));
		json_open(b, '{');
		if (session->open == SESSION_NEW)
			json_kv_string(b, "sessionId", session->base.id);
		settings_write_setup(b, &session->settings);
		json_close(b, '}');
		adapter_result_close(adapter);
		session_take(&session->base.open_request);
	}
	tell_left_out(session);
	event_tell_commands(session);
	turn_next(session);
}

void session_replayed(struct session *session)
{
	if (session->state == SESSION_REPLAYING)
		ready(session);
}

void session_answered(struct session *session)
{
	if (session->state != SESSION_STARTING || --session->starting > 0)
		return;
	if (!session->base.id) {
		if (session->base.open_request)
			refuse_open(session, "it told no session id");
		child_stop(&session->base.child, 0);
		return;
	}
	if (session->open == SESSION_LOAD && session->base.open_request) {
		session->state = SESSION_REPLAYING;
		command_messages(session);
	} else {
		ready(session);
	}
}

/* --- the end
 * -------------------------------------------------------------------------------------- */

static void on_exit_of_child(void *arg)
{
	struct session *session = arg;
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *how = child_how_it_ended(&session->base.child);
	cleanup_free char *why = xasprintf("Pi %s", how);
	bool is_closing = session->state == SESSION_CLOSING;
	bool was_starting = session->state == SESSION_STARTING;
	question_drop_all(session);
	turn_fail(session, why);
	command_fail_all(session, why);
	if (is_closing || was_starting)
		prompts_fail_all(&session->base.prompts, session->base.adapter,
				 is_closing ? "the session is closed" : why);
	session->state = SESSION_DEAD;
	if (is_closing) {
		session_base_closed(&session->base);
	} else if (session->base.open_request) {
		refuse_open(session, how);
	} else if (session->base.prompts.first && session_restart(session, &err) < 0) {
		prompts_fail_all(&session->base.prompts, session->base.adapter, err.message);
	}
}

void session_close(struct session *session, const char *close_request)
{
	bool was_alive = child_is_alive(&session->base.child);
	session_base_close(&session->base, close_request);
	session->state = SESSION_CLOSING;
	if (was_alive)
		child_stop(&session->base.child, PI_GRACE_MS);
	else
		on_exit_of_child(session);
}

int64_t session_tick(struct session *session)
{
	return session_base_tick(&session->base);
}
