/* The verbs close and rm. */
#include "connection.h"
#include "verbs.h"

static int close_one(struct connection *c, struct sa_error *err)
{
	if (session_state_is_over(c->session.state))
		return store_set_session_state(c->store, c->session.id, SESSION_CLOSED, "closed",
					       err);
	if (connection_link(c, err) < 0)
		return -1;
	return connection_close_session(c, err);
}

int verb_close(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "close which session?");
	for (int i = 0; i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		if (connection_find(&c, argv[i], err) < 0 || close_one(&c, err) < 0)
			return -1;
	}
	return SA_EXIT_OK;
}

int verb_rm(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "forget which session?");
	for (int i = 0; i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		if (connection_find(&c, argv[i], err) < 0)
			return -1;
		bool is_over = session_state_is_over(c.session.state);
		if (!is_over && !o->is_force)
			return error_set(err, PROBLEM_CONFLICT,
					 "session '%s' is %s; close it first, or use --force",
					 c.session.id, session_state_name(c.session.state));
		if (!is_over && close_one(&c, err) < 0)
			return -1;
		if (store_delete_session(c.store, &c.session, err) < 0)
			return -1;
	}
	return SA_EXIT_OK;
}
