#include "create.h"

#include "agent/advice.h"
#include "agent/launch.h"
#include "agent/lazy.h"
#include "agent/provision.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "cli/words.h"
#include "given_env.h"
#include "handshake.h"
#include "mcp.h"
#include "recall.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERVER_ID_LENGTH = 16, SESSION_ID_MAX_BYTES = 200 };

int create_check_id(struct store *store, const char *id, struct sa_error *err)
{
	cleanup_session struct session taken = {.id = NULL};
	struct sa_error why = SA_ERROR_INIT;
	struct span text = span_of(id);
	if (!id)
		return 0;
	bool is_wrong = !*id || *id == '@' || *id == '-' || text.n > SESSION_ID_MAX_BYTES ||
			!utf8_is_valid(text);
	for (size_t i = 0; i < text.n && !is_wrong; i++)
		is_wrong = (unsigned char)id[i] < ' ' || id[i] == 0x7f;
	if (is_wrong)
		return error_set(
		    err, PROBLEM_INVALID_REQUEST,
		    "a session's id is at most %d bytes of text on one line, and begins neither "
		    "with '@' nor with '-'",
		    SESSION_ID_MAX_BYTES);
	if (store_get_session(store, id, &taken, &why) == 0)
		return error_set(err, PROBLEM_CONFLICT, "session '%s' exists already", id);
	if (why.kind == PROBLEM_SESSION_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

/* The agent's program, installed when it is not here: whoever waits for that is told. */
static int need_program(const char *name, const char *const *command, struct agent_program *ret,
			struct sa_error *err)
{
	int rc = agent_program_find(name, command, ret, err);
	if (rc == 0 || err->kind != PROBLEM_AGENT_NOT_INSTALLED || !lazy_is_allowed())
		return rc;
	fprintf(stderr, "sa-session: '%s' is not installed; fetching it\n", name);
	return agent_program_need(name, command, ret, err);
}

static int start(struct connection *c, const struct create_options *o, const char *cwd,
		 const struct given_env *env, struct sa_error *err)
{
	struct agent_program program = {.name = NULL};
	if (o->adapter && o->agent_command)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "either --adapter or --agent-command");
	char **words = o->agent_command ? words_split(o->agent_command, err) : NULL;
	if (o->agent_command && !words)
		return -1;
	const char *name = o->agent ? o->agent : o->agent_command ? NULL : "claude";
	cleanup_free char *server_id = ident_random(SERVER_ID_LENGTH);
	int rc = o->like ? recall_program(o->like, &program, err)
		 : o->adapter
		     ? agent_program_choose(name, o->adapter, &program, err)
		     : need_program(name, (const char *const *)(void *)words, &program, err);
	if (rc == 0) {
		cleanup_terms struct terms terms = {NULL, 0};
		terms_add(&terms, &o->terms);
		const struct launch launch = {
		    .server_id = server_id,
		    .agent = program.name,
		    .argv = program.argv,
		    .cwd = cwd,
		    .env = (const char *const *)env->entries,
		    .env_count = env->count,
		    .credentials = o->credentials,
		    .limits = (const char *const *)terms.words,
		};
		rc = launch_server(&launch, err);
	}
	agent_program_clear(&program);
	words_free(words);
	return rc < 0 ? -1 : store_find_server(c->store, server_id, &c->server, err);
}

/*
 * The session itself, in the agent that was started: with the MCP servers
 * that were named, else with its folder's as far as the agent can use them.
 */
static int open_session(struct connection *c, const struct create_options *o, const char *cwd,
			struct buf *servers, struct sa_error *err)
{
	int64_t deadline = deadline_after(o->timeout_ms);
	if (handshake_initialize(c, o->timeout_ms ? deadline : deadline_after(INITIALIZE_MS), err) <
	    0)
		return err->kind == PROBLEM_TIMEOUT
			   ? error_prefix(err, "does agent '%s' speak ACP?", c->server.agent)
			   : -1;
	if (o->mcp_servers)
		buf_adds(servers, o->mcp_servers);
	if (!servers->len &&
	    provision_servers(cwd, handshake_can(c, "mcpCapabilities.http"),
			      handshake_can(c, "mcpCapabilities.sse"), servers, err) < 0)
		return -1;
	if (handshake_new(c, cwd, buf_span(servers), o->id, o->past, deadline, err) < 0)
		return -1;
	if (!o->mode)
		terms_set_mode(c, &o->terms, deadline);
	if (o->mode && settings_set(c, "mode", o->mode, deadline, err) < 0)
		return -1;
	if (o->model && settings_set(c, "model", o->model, deadline, err) < 0)
		return -1;
	for (size_t i = 0; i < o->config.count; i++)
		if (settings_set_pair(c, o->config.items[i], deadline, err) < 0)
			return -1;
	return 0;
}

/* "The connection ended" helps nobody: the supervisor's last words say what the agent did. */
static void tell_how_it_ended(struct connection *c, struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	struct sa_error ignored = SA_ERROR_INIT;
	if (err->kind != PROBLEM_AGENT_PROCESS_EXITED && err->kind != PROBLEM_STREAM_ERROR)
		return;
	connection_await_end(c);
	if (store_get_server(c->store, c->server.key, &server, &ignored) < 0 || !server.end_reason)
		return;
	error_set(err, PROBLEM_AGENT_PROCESS_EXITED, "%s", server.end_reason);
	advice_add(err, c->server.agent, span_of(server.end_reason));
}

int create_session(struct connection *c, const struct create_options *o, struct sa_error *err)
{
	cleanup_free char *cwd = realpath(o->cwd ? o->cwd : ".", NULL);
	if (!cwd)
		return error_set(err, PROBLEM_NOT_FOUND, "no working directory '%s'",
				 o->cwd ? o->cwd : ".");
	c->store = store_open(err);
	if (!c->store || create_check_id(c->store, o->id, err) < 0)
		return -1;
	cleanup_buf struct buf mcp_servers = BUF_INIT(BUF_MAX_OWN);
	cleanup_given_env struct given_env env = {NULL, 0};
	if (given_env_read(&o->env, &env, err) < 0 ||
	    (o->mcp_config && mcp_read(o->mcp_config, &mcp_servers, err) < 0))
		return -1;
	if (provision_skills(cwd,
			     o->like		? o->like->agent
			     : o->agent_command ? NULL
			     : o->agent		? o->agent
						: "claude",
			     true, err) < 0 ||
	    start(c, o, cwd, &env, err) < 0)
		return -1;
	/* Whoever is killed before the session is there leaves no agent behind. */
	if (link_open(&c->link, &c->server, err) == 0 && connection_tie(c, true, err) == 0 &&
	    open_session(c, o, cwd, &mcp_servers, err) == 0 &&
	    (o->is_tied || connection_tie(c, false, err) == 0))
		return 0;
	tell_how_it_ended(c, err);
	struct sa_error ignored;
	/* A supervisor whose store refuses reads nothing, but it notices that we leave. */
	if (err->kind != PROBLEM_STORE_FULL && err->kind != PROBLEM_STORE_ERROR)
		connection_stop_server(c, "closed", "the session could not be made", &ignored);
	return -1;
}
