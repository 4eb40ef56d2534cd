#include "session.h"

#include "adapter/argv.h"
#include "adapter/content.h"
#include "amp.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "mode.h"
#include "native.h"
#include "question.h"
#include "threads.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* Descriptor 3 of Amp: its MCP servers, which may hold keys, so they are in no argument. */
#define MCP_CONFIG_PATH "/proc/self/fd/3"

static const char *const defaults[] = {"AMP_SKIP_UPDATE_CHECK=1"};

void session_free(struct session *session)
{
	question_drop_all(session);
	gate_close(&session->gate);
	session_base_free(&session->base);
	tool_free_all(session);
	buf_free(&session->always);
	session_take(&session->held);
	session_take(&session->mcp_config);
	session_take(&session->error);
	free(session);
}

/* --- the process -------------------------------------------------------------------------- */

static void on_line(void *arg, struct span line)
{
	struct session *session = arg;
	if (session->state == SESSION_OPENING)
		session_named(session, line);
	else
		native_line(session, line);
}

static void on_long(void *arg, struct span head, uint64_t bytes)
{
	struct session *session = arg;
	(void)head;
	adapter_log(session->base.adapter, "a line of %llu bytes of Amp was left out",
		    (unsigned long long)bytes);
}

static void refuse_open(struct session *session, const char *why)
{
	session_base_refuse(&session->base, RPC_INTERNAL_ERROR, "Amp did not start: %s", why);
}

static void answer_open(struct session *session, bool is_new)
{
	struct adapter *adapter = session->base.adapter;
	session->state = SESSION_IDLE;
	if (!session->base.open_request)
		return;
	struct buf *b = adapter_result_open(adapter, span_of(session->base.open_request));
	json_open(b, '{');
	if (is_new)
		json_kv_string(b, "sessionId", session->base.id);
	mode_write_setup(b, session->is_asking);
	json_close(b, '}');
	adapter_result_close(adapter);
	session_take(&session->base.open_request);
}

static void on_exit_of_child(void *arg)
{
	struct session *session = arg;
	cleanup_free char *how = child_how_it_ended(&session->base.child);
	cleanup_free char *why = xasprintf("Amp %s", how);
	bool is_closing = session->state == SESSION_CLOSING;
	if (session->state == SESSION_OPENING) {
		if (session->base.id)
			answer_open(session, true);
		else
			refuse_open(session, how);
		return;
	}
	session->state = is_closing ? SESSION_CLOSING : SESSION_IDLE;
	turn_ended(session, session->error ? session->error : why);
	session_take(&session->error);
	if (!is_closing) {
		turn_next(session);
		return;
	}
	prompts_fail_all(&session->base.prompts, session->base.adapter, "the session is closed");
	session_base_closed(&session->base);
}

static int start(struct session *session, struct argv *argv, int config, struct sa_error *err)
{
	static const struct wire_events events = {on_line, on_long, NULL};
	cleanup_argv struct argv env = {NULL, 0};
	argv_add_environment(&env, defaults, ARRAY_SIZE(defaults));
	struct spawn spawn = SPAWN_INIT;
	spawn.path = argv->words[0];
	spawn.argv = argv->words;
	spawn.env = env.words;
	spawn.cwd = session->base.cwd;
	if (config >= 0) {
		spawn.fds[3] = config;
		spawn.fd_count = 4;
	}
	return child_start(&session->base.child, &session->base.adapter->loop, &spawn,
			   session->base.adapter->line_bytes, &events, on_exit_of_child, session,
			   err);
}

static char *find_binary(const struct session *session, struct sa_error *err)
{
	return argv_find_agent(session->base.adapter->binary, "AMP_PATH", "amp", "Amp", "amp", err);
}

static void add_options(struct session *session, struct argv *argv)
{
	static const char *const fixed[] = {"-x", "--stream-json", "--stream-json-thinking",
					    "--stream-json-input", "--no-ide"};
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		argv_add(argv, fixed[i]);
	if (session->mcp_config) {
		argv_add(argv, "--mcp-config");
		argv_add(argv, MCP_CONFIG_PATH);
	}
	if (session->is_asking) {
		cleanup_free char *settings = gate_settings(&session->gate);
		argv_add(argv, "--settings-file");
		argv_add(argv, settings);
	} else {
		argv_add(argv, "--dangerously-allow-all");
	}
}

int session_start(struct session *session, struct sa_error *err)
{
	if (child_is_alive(&session->base.child))
		return 0;
	cleanup_free char *binary = find_binary(session, err);
	cleanup_close int config = session->mcp_config ? argv_text_fd(session->mcp_config) : -1;
	if (!binary)
		return -1;
	if (session->mcp_config && config < 0)
		return error_set(err, PROBLEM_FAILED, "keep the MCP servers");
	if (session->is_asking && gate_open(session, err) < 0)
		return -1;
	cleanup_argv struct argv argv = {NULL, 0};
	argv_add(&argv, binary);
	argv_add(&argv, "threads");
	argv_add(&argv, "continue");
	argv_add(&argv, session->base.id);
	add_options(session, &argv);
	if (start(session, &argv, config, err) < 0)
		return -1;
	session->is_stale = false;
	session->state = SESSION_RUNNING;
	return 0;
}

void session_change(struct session *session, const struct envelope *envelope, int setting,
		    struct span value, bool is_option)
{
	struct adapter *adapter = session->base.adapter;
	(void)setting;
	bool is_asking;
	if (mode_read(value, &is_asking) < 0) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "that is not offered");
		return;
	}
	session->is_stale = session->is_stale != (session->is_asking != is_asking);
	session->is_asking = is_asking;
	if (!is_option) {
		mode_write_options(
		    adapter_update_open(adapter, session->base.id, "config_option_update"),
		    is_asking);
		adapter_update_close(adapter);
		adapter_result(adapter, envelope->id, SPAN_LIT("{}"));
		return;
	}
	struct buf *b = adapter_result_open(adapter, envelope->id);
	json_open(b, '{');
	mode_write_options(b, is_asking);
	json_close(b, '}');
	adapter_result_close(adapter);
}

/* --- opening --------------------------------------------------------------------------------- */

static int write_server(struct buf *b, struct span server, struct sa_error *err)
{
	struct span url = json_get(server, "url"), command = json_get(server, "command");
	bool is_stdio = json_type(command) == JSON_STRING;
	cleanup_free char *name = json_string_dup(json_get(server, "name"));
	if (!name || (!is_stdio && json_type(url) != JSON_STRING))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an MCP server needs a name and a command or a url");
	json_key(b, name);
	json_open(b, '{');
	if (is_stdio) {
		json_kv_raw(b, "command", command);
		json_kv_raw(b, "args", json_get(server, "args"));
		content_pairs(b, "env", json_get(server, "env"));
	} else {
		json_kv_raw(b, "url", url);
		content_pairs(b, "headers", json_get(server, "headers"));
	}
	json_close(b, '}');
	return 0;
}

static int read_params(struct session *session, struct span params, struct sa_error *err)
{
	struct json_iter it = json_iter(json_get(params, "mcpServers"));
	struct span server;
	cleanup_buf struct buf config = BUF_INIT(BUF_MAX_OWN);
	size_t count = 0;
	if (session_base_cwd(&session->base, params, err) < 0)
		return -1;
	json_open(&config, '{');
	for (; json_next(&it, NULL, &server); count++)
		if (write_server(&config, server, err) < 0)
			return -1;
	json_close(&config, '}');
	session->mcp_config = count ? buf_take(&config) : NULL;
	return sessions_room(session->base.adapter, err);
}

/* session/new: `amp threads new` makes the thread and tells its id. */
static int open_new(struct session *session, struct sa_error *err)
{
	cleanup_argv struct argv argv = {NULL, 0};
	cleanup_free char *binary = find_binary(session, err);
	if (!binary)
		return -1;
	argv_add(&argv, binary);
	argv_add(&argv, "threads");
	argv_add(&argv, "new");
	if (start(session, &argv, -1, err) < 0)
		return -1;
	wire_close_out(&session->base.child.wire);
	return 0;
}

void session_named(struct session *session, struct span line)
{
	line = span_trim(line);
	if (!session->base.id && threads_is_id(line))
		session->base.id = xmemdup0(line.p, line.n);
}

/* A thread that there is: session/load tells its history. */
static int open_old(struct session *session, struct span id, bool is_told, struct sa_error *err)
{
	session->base.id = json_string_dup(id);
	if (!session->base.id || !threads_is_id(span_of(session->base.id)))
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "this is no id of an Amp thread");
	if (sessions_find(session->base.adapter, id))
		return error_set(err, PROBLEM_CONFLICT, "that session is open already");
	return is_told ? threads_replay(session, err) : 0;
}

void session_open(struct adapter *adapter, const struct envelope *envelope, enum session_open open)
{
	struct sa_error err = SA_ERROR_INIT;
	struct session *session = xcalloc(1, sizeof(*session));
	struct span id = json_get(envelope->params, "sessionId");
	session_base_init(&session->base, adapter);
	gate_init(&session->gate, &adapter->loop);
	session->always = BUF_INIT(QUESTION_ALWAYS_BYTES);
	if (read_params(session, envelope->params, &err) < 0 ||
	    (open == SESSION_NEW ? open_new(session, &err)
				 : open_old(session, id, open == SESSION_LOAD, &err)) < 0) {
		adapter_refuse(adapter, envelope->id, &err);
		session_free(session);
		return;
	}
	session_base_add(&session->base, envelope);
	if (open != SESSION_NEW)
		answer_open(session, false);
}

/* --- the end ------------------------------------------------------------------------------------
 */

void session_close(struct session *session, const char *close_request)
{
	bool was_alive = child_is_alive(&session->base.child);
	session_base_close(&session->base, close_request);
	session->state = SESSION_CLOSING;
	if (was_alive)
		child_stop(&session->base.child, AMP_GRACE_MS);
	else
		on_exit_of_child(session);
}

int64_t session_tick(struct session *session)
{
	gate_tick(&session->gate);
	return session_base_tick(&session->base);
}
