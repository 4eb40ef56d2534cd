#include "session.h"

#include "adapter/argv.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command.h"
#include "event.h"
#include "files.h"
#include "gate.h"
#include "pi.h"
#include "question.h"
#include "turn.h"
#include "json/scan.h"

/* Names of MCP servers, bytes: further ones are cut off. */
enum { SESSION_LEFT_OUT_BYTES = 4096 };

void session_release(struct session *session)
{
	command_fail_all(session, "the session is closed");
	question_drop_all(session);
	settings_free(&session->settings);
	consents_free(&session->consents);
	buf_free(&session->left_out);
	char **owned[] = {&session->file, &session->stop_reason, &session->slash_commands,
			  &session->turn_error};
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		session_drop(owned[i]);
}

/* --- the process -------------------------------------------------------------------------- */

static int start(struct session *session, struct sa_error *err)
{
	struct pi *pi = session->base.adapter->arg;
	cleanup_argv struct argv argv = {NULL, 0};
	if (sessions_add_program(session->base.adapter, &argv, err) < 0 ||
	    (!pi->gate && gate_write(&pi->gate_folder, &pi->gate, err) < 0))
		return -1;
	argv_add(&argv, "--mode");
	argv_add(&argv, "rpc");
	argv_add(&argv, "--extension");
	argv_add(&argv, pi->gate);
	if (session->file) {
		argv_add(&argv, "--session");
		argv_add(&argv, session->file);
	}
	if (session_base_start(&session->base, &argv, NULL, err) < 0)
		return -1;
	session->base.state = SESSION_STARTING;
	command_start(session);
	return 0;
}

int session_restart(struct session *session, struct sa_error *err)
{
	/* Pi writes its record with the first answer: without one there is nothing to go on with.
	 */
	if (session->file && access(session->file, F_OK) < 0)
		session_drop(&session->file);
	return start(session, err);
}

/* --- opening --------------------------------------------------------------------------------- */

static int read_params(struct session *session, struct span params, struct sa_error *err)
{
	struct json_iter it = json_iter(json_get(params, "mcpServers"));
	struct span server;
	while (json_next(&it, NULL, &server)) {
		buf_adds(&session->left_out, session->left_out.len ? ", " : "");
		json_string_add(&session->left_out, json_get(server, "name"));
	}
	if (session->base.open == SESSION_NEW)
		return 0;
	session->base.id = json_string_dup(json_get(params, "sessionId"));
	session->file = session->base.id ? files_find(session->base.id) : NULL;
	if (!session->file)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "Pi has no session '%.80s' here",
				 session->base.id ? session->base.id : "");
	return 0;
}

void session_init(struct session *session)
{
	session->consents = CONSENTS_INIT;
	session->left_out = BUF_INIT(SESSION_LEFT_OUT_BYTES);
	settings_init(&session->settings);
}

int session_open(struct session *session, struct span params, struct sa_error *err)
{
	return read_params(session, params, err) < 0 ? -1 : start(session, err);
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
	session->base.state = SESSION_READY;
	session_base_opened(&session->base);
	tell_left_out(session);
	event_tell_commands(session);
	session_base_next(&session->base);
}

void session_replayed(struct session *session)
{
	if (session->base.state == SESSION_REPLAYING)
		ready(session);
}

void session_answered(struct session *session)
{
	if (session->base.state != SESSION_STARTING || --session->starting > 0)
		return;
	if (!session->base.id) {
		if (session->base.open_request)
			refuse_open(session, "it told no session id");
		child_stop(&session->base.child, 0);
		return;
	}
	if (session->base.open == SESSION_LOAD && session->base.open_request) {
		session->base.state = SESSION_REPLAYING;
		command_messages(session);
	} else {
		ready(session);
	}
}

/* --- the end ------------------------------------------------------------------------------ */

void session_ended(struct session *session)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *how = child_how_it_ended(&session->base.child);
	cleanup_free char *why = xasprintf("Pi %s", how);
	bool is_closing = session->base.state == SESSION_CLOSING;
	bool was_starting = session->base.state == SESSION_STARTING;
	question_drop_all(session);
	turn_fail(session, why);
	command_fail_all(session, why);
	if (is_closing || was_starting)
		prompts_fail_all(&session->base.prompts, session->base.adapter,
				 is_closing ? "the session is closed" : why);
	session->base.state = SESSION_DEAD;
	if (is_closing) {
		session_base_closed(&session->base);
	} else if (session->base.open_request) {
		refuse_open(session, how);
	} else if (session->base.prompts.first && session_restart(session, &err) < 0) {
		prompts_fail_all(&session->base.prompts, session->base.adapter, err.message);
	}
}
