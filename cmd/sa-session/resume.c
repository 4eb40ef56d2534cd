#include "resume.h"

#include "agent/launch.h"
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "given_env.h"
#include "recall.h"
#include "store/alive.h"

#include <stdlib.h>
#include <string.h>

enum { RESUME_MS = 120000 };

int64_t resume_deadline(const struct resume_options *o)
{
	return deadline_after(o->timeout_ms > 0 ? o->timeout_ms : RESUME_MS);
}

int resume_server(struct connection *c, const struct resume_options *o, const char *folder,
		  int64_t deadline, struct sa_error *err)
{
	cleanup_given_env struct given_env env = {NULL, 0};
	cleanup_agent_program struct agent_program program = {.name = NULL};
	struct sa_error ignored;
	if (given_env_read(o->env, &env, err) < 0 ||
	    recall_program(&c->server, &program, err) < 0)
		return -1;
	cleanup_terms struct terms terms = {NULL, 0};
	terms_add_recorded(&terms, c->server.settings_json);
	if (o->terms)
		terms_add(&terms, o->terms);
	const struct launch launch = {
	    .server_id = c->server.id,
	    .server_uid = c->server.uid,
	    .agent = c->server.agent,
	    .argv = program.argv,
	    .cwd = folder,
	    .env = (const char *const *)env.entries,
	    .env_count = env.count,
	    .credentials = o->credentials ? o->credentials : c->server.credentials,
	    .limits = (const char *const *)terms.words,
	};
	if (launch_server(&launch, err) < 0 || connection_look_again(c, err) < 0 ||
	    link_open(&c->link, &c->server, err) < 0)
		return -1;
	if (handshake_initialize(c, deadline, err) == 0)
		return 0;
	connection_stop_server(c, "interrupted", "the agent could not be started again", &ignored);
	return -1;
}

/* A policy that is wished and would not count must not be taken for granted. */
static int check_living(const struct connection *c, const struct resume_options *o,
			struct sa_error *err)
{
	cleanup_terms struct terms terms = {NULL, 0};
	if (o->terms)
		terms_add(&terms, o->terms);
	const char *has = c->server.credentials ? c->server.credentials : "";
	bool is_other = o->credentials && strcmp(o->credentials, has) != 0;
	if (o->is_granted || (!terms.count && !is_other))
		return 0;
	return error_set(err, PROBLEM_CONFLICT,
			 "the agent of session '%s' lives, and does not get %s any more; 'sa-session "
			 "close' its sessions first",
			 c->session.id, terms.count ? terms.words[0] : "--credentials");
}

static int link_living(struct connection *c, const struct resume_options *o, struct sa_error *err)
{
	return check_living(c, o, err) < 0 ? -1 : connection_link(c, err);
}

static int revive(struct connection *c, const struct resume_options *o, struct sa_error *err)
{
	int64_t deadline = resume_deadline(o);
	struct sa_error ignored;
	/* Somebody else may have been quicker. */
	if (connection_look_again(c, err) < 0)
		return -1;
	if (!session_state_is_over(c->session.state))
		return link_living(c, o, err);
	cleanup_free char *folder =
	    recall_folder(c->session.cwd ? c->session.cwd : c->server.cwd, o->cwd, err);
	if (!folder)
		return -1;
	bool was_alive = server_is_alive(&c->server);
	/* A living agent has other sessions. */
	if (was_alive && check_living(c, o, err) < 0)
		return -1;
	if (was_alive ? link_open(&c->link, &c->server, err) < 0
		      : resume_server(c, o, folder, deadline, err) < 0)
		return -1;
	if (handshake_revive(c, folder, &o->how, deadline, err) == 0)
		return 0;
	if (!was_alive)
		connection_stop_server(c, "interrupted", "the session could not be resumed",
				       &ignored);
	return -1;
}

int resume_session(struct connection *c, const struct resume_options *options, struct sa_error *err)
{
	if (!session_state_is_over(c->session.state))
		return link_living(c, options, err);
	cleanup_free char *name = xasprintf("resume-%s", c->server.uid);
	int lock = rundir_lock(name, err);
	if (lock < 0)
		return -1;
	int rc = revive(c, options, err);
	rundir_unlock(name, lock);
	return rc < 0 ? error_prefix(err, "resume session '%s'", c->session.id) : 0;
}
