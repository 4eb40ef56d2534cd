/* The verbs wait and cancel. */
#include "await.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "print.h"
#include "resume.h"
#include "verbs.h"
#include "json/write.h"

#include <string.h>

static bool is_idle(enum session_state state)
{
	return state == SESSION_IDLE || state == SESSION_CLOSED;
}

static bool is_idle_or_waiting(enum session_state state)
{
	return is_idle(state) || state == SESSION_WAITING;
}

static int wait_one(const struct options *o, const char *reference, await_fn *is_enough,
		    int64_t deadline, struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (connection_find(&c, reference, err) < 0)
		return -1;
	if (!session_state_is_over(c.session.state) && connection_link(&c, err) < 0)
		return -1;
	if (await_state(&c, is_enough, deadline, err) < 0)
		return -1;
	if (!command_wants_text(&o->common))
		print_session(&c.session, -1, 0);
	return 0;
}

int verb_wait(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	int64_t deadline = deadline_after(o->create.timeout_ms);
	const char *until = o->until ? o->until : "idle";
	await_fn *is_enough = NULL;
	if (strcmp(until, "idle") == 0)
		is_enough = is_idle;
	else if (strcmp(until, "waiting") == 0)
		is_enough = is_idle_or_waiting;
	else if (strcmp(until, "end") == 0)
		is_enough = session_state_is_over;
	else
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--until is idle, waiting or end, not '%s'", until);
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "wait for which session?");
	for (int i = 0; i < argc; i++)
		if (wait_one(o, argv[i], is_enough, deadline, err) < 0)
			return -1;
	return SA_EXIT_OK;
}

/* The agent did not heed it and was ended for that: its supervisor has it started again. So do we,
 * whoever is first, to know that it is there. */
static int await_restart(struct connection *c, int64_t deadline, struct sa_error *err)
{
	struct span line;
	if (connection_look_again(c, err) < 0)
		return -1;
	if (c->session.state != SESSION_INTERRUPTED)
		return 0;
	int rc;
	while ((rc = link_next(&c->link, deadline, -1, &line, err)) > 0)
		continue;
	if (rc < 0)
		return -1;
	connection_await_end(c);
	link_close(&c->link);
	const struct resume_options how = {.timeout_ms = 0};
	return connection_look_again(c, err) < 0 ? -1 : resume_session(c, &how, err);
}

static int cancel_one(const struct options *o, const char *reference, int64_t deadline,
		      struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (connection_find(&c, reference, err) < 0 || connection_link(&c, err) < 0)
		return -1;
	if (o->is_all && connection_unqueue(&c, err) < 0)
		return -1;
	/* Some agents keep a cancel that finds no turn and apply it to the next one. */
	if (c.session.state != SESSION_RUNNING && c.session.state != SESSION_WAITING)
		return 0;
	if (connection_cancel(&c, err) < 0)
		return -1;
	if (o->is_no_wait)
		return 0;
	if (await_turn_end(&c, deadline, err) == 0)
		return await_restart(&c, deadline, err);
	if (err->kind != PROBLEM_TIMEOUT)
		return -1;
	return error_set(err, PROBLEM_TIMEOUT,
			 "session '%s' was told to cancel and its turn goes on; 'sa-session close "
			 "%s' ends the agent",
			 c.session.id, c.session.id);
}

int verb_cancel(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	int64_t deadline = deadline_after(o->create.timeout_ms);
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "cancel the turn of which session?");
	for (int i = 0; i < argc; i++)
		if (cancel_one(o, argv[i], deadline, err) < 0)
			return -1;
	return SA_EXIT_OK;
}
