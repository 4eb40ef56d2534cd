/* The verbs close and rm. */
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "connection.h"
#include "verbs.h"

#include <stdlib.h>

/* Somebody may be bringing the session back: what it is is known when that is done. 0, or -1. */
static int begin(struct connection *c, const char *reference, char **ret_name, int *ret_lock,
		 struct sa_error *err)
{
	if (connection_find(c, reference, err) < 0)
		return -1;
	if (!session_state_is_over(c->session.state))
		return 0;
	char *name = xasprintf("resume-%s", c->server.uid);
	int lock = rundir_lock(name, err);
	if (lock < 0) {
		free(name);
		return -1;
	}
	*ret_name = name;
	*ret_lock = lock;
	return connection_look_again(c, err);
}

static int close_it(struct connection *c, struct sa_error *err)
{
	if (session_state_is_over(c->session.state))
		return store_set_session_state(c->store, c->session.id, SESSION_CLOSED, "closed",
					       err);
	return connection_link(c, err) < 0 ? -1 : connection_close_session(c, err);
}

static int forget_it(struct connection *c, bool is_forced, struct sa_error *err)
{
	bool is_over = session_state_is_over(c->session.state);
	if (!is_over && !is_forced)
		return error_set(err, PROBLEM_CONFLICT,
				 "session '%s' is %s; close it first, or use --force",
				 c->session.id, session_state_name(c->session.state));
	if (!is_over && close_it(c, err) < 0)
		return -1;
	return store_delete_session(c->store, &c->session, err);
}

/* Each of them, in turn. */
static int end_all(int argc, char **argv, bool is_removed, bool is_forced, struct sa_error *err)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		cleanup_free char *name = NULL;
		int lock = -1;
		rc = begin(&c, argv[i], &name, &lock, err);
		if (rc == 0)
			rc = is_removed ? forget_it(&c, is_forced, err) : close_it(&c, err);
		if (name)
			rundir_unlock(name, lock);
	}
	return rc < 0 ? -1 : SA_EXIT_OK;
}

int verb_close(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "close which session?");
	return end_all(argc, argv, false, false, err);
}

int verb_rm(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "forget which session?");
	return end_all(argc, argv, true, o->is_force, err);
}
