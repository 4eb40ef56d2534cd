#include "session.h"

#include "adapter/argv.h"
#include "adapter/mcp.h"
#include "amp.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "mode.h"
#include "native.h"
#include "question.h"
#include "threads.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

void session_release(struct session *session)
{
	question_drop_all(session);
	gate_close(&session->gate);
	consents_free(&session->consents);
	session_drop(&session->held);
	session_drop(&session->mcp_config);
	session_drop(&session->error);
}

/* --- the process -------------------------------------------------------------------------- */

void session_line(struct session *session, struct span line)
{
	if (session->base.state != SESSION_STARTING) {
		native_line(session, line);
		return;
	}
	/* Of `threads new`. */
	line = span_trim(line);
	if (!session->base.id && threads_is_id(line))
		session->base.id = xmemdup0(line.p, line.n);
}

static void refuse_open(struct session *session, const char *why)
{
	session_base_refuse(&session->base, RPC_INTERNAL_ERROR, "Amp did not start: %s", why);
}

static void opened(struct session *session)
{
	session->base.state = SESSION_READY;
	session_base_opened(&session->base);
}

void session_ended(struct session *session)
{
	cleanup_free char *how = child_how_it_ended(&session->base.child);
	cleanup_free char *why = xasprintf("Amp %s", how);
	bool is_closing = session->base.state == SESSION_CLOSING;
	if (session->base.state == SESSION_STARTING) {
		if (session->base.id)
			opened(session);
		else
			refuse_open(session, how);
		return;
	}
	session->base.state = is_closing ? SESSION_CLOSING : SESSION_READY;
	turn_ended(session, session->error ? session->error : why);
	session_drop(&session->error);
	if (!is_closing) {
		session_base_next(&session->base);
		return;
	}
	prompts_fail_all(&session->base.prompts, session->base.adapter, "the session is closed");
	session_base_closed(&session->base);
}

static void add_options(struct session *session, struct argv *argv)
{
	static const char *const fixed[] = {"-x", "--stream-json", "--stream-json-thinking",
					    "--stream-json-input", "--no-ide"};
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		argv_add(argv, fixed[i]);
	if (session->mcp_config) {
		argv_add(argv, "--mcp-config");
		argv_add(argv, SESSION_CONFIG_PATH);
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
	cleanup_argv struct argv argv = {NULL, 0};
	if (sessions_add_program(session->base.adapter, &argv, err) < 0)
		return -1;
	if (session->is_asking && gate_open(session, err) < 0)
		return -1;
	argv_add(&argv, "threads");
	argv_add(&argv, "continue");
	argv_add(&argv, session->base.id);
	add_options(session, &argv);
	if (session_base_start(&session->base, &argv, session->mcp_config, err) < 0)
		return -1;
	session->is_stale = false;
	return 0;
}

void session_change(struct session *session, const struct envelope *envelope, int setting,
		    struct span value, enum session_reply reply)
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
	session_base_changed(&session->base, envelope->id, reply);
}

/* --- opening --------------------------------------------------------------------------------- */

static int read_params(struct session *session, struct span params, struct sa_error *err)
{
	static const struct mcp_style style = {.headers = "headers"};
	struct span servers = json_get(params, "mcpServers"), first;
	struct json_iter it = json_iter(servers);
	cleanup_buf struct buf config = BUF_INIT(BUF_MAX_OWN);
	json_open(&config, '{');
	if (mcp_write_servers(&config, servers, &style, err) < 0)
		return -1;
	json_close(&config, '}');
	session->mcp_config = json_next(&it, NULL, &first) ? buf_take(&config) : NULL;
	return 0;
}

/* session/new: `amp threads new` makes the thread and tells its id. */
static int open_new(struct session *session, struct sa_error *err)
{
	cleanup_argv struct argv argv = {NULL, 0};
	if (sessions_add_program(session->base.adapter, &argv, err) < 0)
		return -1;
	argv_add(&argv, "threads");
	argv_add(&argv, "new");
	if (session_base_start(&session->base, &argv, NULL, err) < 0)
		return -1;
	wire_close_out(&session->base.child.wire);
	return 0;
}

/* A thread that there is: session/load tells its history. */
static int open_old(struct session *session, struct span id, struct sa_error *err)
{
	session->base.id = json_string_dup(id);
	if (!session->base.id || !threads_is_id(span_of(session->base.id)))
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "this is no id of an Amp thread");
	if (session->base.open == SESSION_LOAD && threads_replay(session, err) < 0)
		return -1;
	opened(session);
	return 0;
}

void session_init(struct session *session)
{
	gate_init(&session->gate, &session->base.adapter->loop);
	session->consents = CONSENTS_INIT;
}

int session_open(struct session *session, struct span params, struct sa_error *err)
{
	if (read_params(session, params, err) < 0)
		return -1;
	return session->base.open == SESSION_NEW
		   ? open_new(session, err)
		   : open_old(session, json_get(params, "sessionId"), err);
}

int64_t session_tick(struct session *session)
{
	gate_tick(&session->gate);
	return session_base_tick(&session->base);
}
