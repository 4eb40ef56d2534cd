/* The verb fork: a new session with another one's past. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "print.h"
#include "recall.h"
#include "resume.h"
#include "settings.h"
#include "store/alive.h"
#include "verbs.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

/* In the parent's agent, which is started again if need be. PROBLEM_AGENT_ERROR: it cannot. */
static int fork_natively(struct connection *c, const struct options *o, const char *folder,
			 struct sa_error *err)
{
	const struct resume_options how = {.credentials = o->create.credentials,
					   .env = &o->create.env,
					   .timeout_ms = o->create.timeout_ms};
	int64_t deadline = resume_deadline(&how);
	struct sa_error ignored;
	/* What it said in its last life spares a start for nothing. */
	if (!handshake_can(c, "sessionCapabilities.fork"))
		return error_set(err, PROBLEM_AGENT_ERROR, "agent '%s' cannot fork a session",
				 c->server.agent);
	bool was_alive = server_is_alive(&c->server);
	if (was_alive ? link_open(&c->link, &c->server, err) < 0
		      : resume_server(c, &how, folder, deadline, err) < 0)
		return -1;
	if (handshake_fork(c, folder, o->create.id, deadline, err) == 0)
		return 0;
	if (!was_alive)
		connection_stop_server(c, "interrupted", "its session could not be forked",
				       &ignored);
	link_close(&c->link);
	return -1;
}

/* A new agent that is told the past of c's session. */
static int fork_by_transcript(const struct connection *c, const struct options *o,
			      const char *folder, int64_t at, struct connection *ret,
			      struct sa_error *err)
{
	cleanup_replay struct replay replay = {.text = NULL};
	cleanup_buf struct buf servers = BUF_INIT(BUF_MAX_OWN);
	const struct replay_limits limits = {(int64_t)o->replay_events, (int64_t)o->replay_chars};
	const struct past_words past = {
	    .replay = &replay, .parent_id = c->session.id, .parent_index = at};
	struct create_options create = o->create;
	if (replay_read(c->store, &c->server, &c->session, at, &limits, &replay, err) < 0)
		return -1;
	handshake_add_servers(&servers, &c->session);
	create.like = &c->server;
	create.cwd = folder;
	create.mcp_servers = servers.len > 2 ? servers.data : NULL;
	create.past = &past;
	if (!create.credentials)
		create.credentials = c->server.credentials;
	if (create_session(ret, &create, err) < 0)
		return -1;
	settings_restore(ret, &c->session, DEADLINE_NEVER);
	return 0;
}

static int fork_it(struct connection *c, const struct options *o, struct connection *made,
		   struct connection **ret, struct sa_error *err)
{
	int64_t last = c->server.last_index, at = (int64_t)o->at;
	bool is_whole = at == 0 || at == last;
	cleanup_free char *folder =
	    recall_folder(c->session.cwd ? c->session.cwd : c->server.cwd, o->create.cwd, err);
	if (!folder)
		return -1;
	if (!is_whole && (at < c->session.first_index || at > last))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--at is an event of the session: from %lld to %lld",
				 (long long)c->session.first_index, (long long)last);
	const char *by = o->by ? o->by : "auto";
	*ret = c;
	int rc = -1;
	bool is_native = is_whole && strcmp(by, "transcript") != 0;
	if (is_native)
		rc = fork_natively(c, o, folder, err);
	else if (strcmp(by, "native") == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "agents fork at the end only: --at needs --by transcript");
	if (rc == 0 ||
	    (is_native && (err->kind != PROBLEM_AGENT_ERROR || strcmp(by, "native") == 0)))
		return rc;
	*ret = made;
	return fork_by_transcript(c, o, folder, is_whole ? last : at, made, err);
}

int fork_session(struct connection *c, const struct options *o, struct connection *made,
		 struct connection **ret, struct sa_error *err)
{
	if (ways_check(o->by, o->replay_events, o->replay_chars, err) < 0 ||
	    create_check_id(c->store, o->create.id, err) < 0)
		return -1;
	cleanup_free char *id = xstrdup(c->session.id);
	return fork_it(c, o, made, ret, err) < 0 ? error_prefix(err, "fork session '%s'", id) : 0;
}

int verb_fork(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_connection struct connection made = CONNECTION_INIT;
	struct connection *forked;
	if (argc != 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "fork wants one session");
	if (connection_find(&c, argv[0], err) < 0 || fork_session(&c, o, &made, &forked, err) < 0)
		return -1;
	if (command_wants_text(&o->common))
		print_field("session", forked->session.id);
	else
		print_session(&forked->session, -1, 0);
	return SA_EXIT_OK;
}
