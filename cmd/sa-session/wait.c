/* The verbs wait and cancel. */
#include "await.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "print.h"
#include "verbs.h"
#include "json/scan.h"

#include <poll.h>
#include <string.h>

enum { LOOK_MS = 250, RESUME_MS = 120000 };

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
	if (!session_state_is_over(c.session.state) && connection_link(&c, err) < 0 &&
	    (!c.session.id || !session_state_is_over(c.session.state)))
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

/* --- the agent is started again ------------------------------------------------------ */

struct restart {
	bool is_wanted; /* it was ended because it did not heed the cancel */
	bool is_done;
};

static int note_restart(const struct event *event, void *arg)
{
	struct restart *restart = arg;
	struct span params = json_get(event->payload, "params");
	if (event->sender != SENDER_SYSTEM)
		return 0;
	restart->is_wanted |= json_string_is(json_get(params, "result"), "restarted") ||
			      json_string_is(json_get(params, "step"), "restart");
	restart->is_done |= json_string_is(json_get(event->payload, "method"),
					   "_adapter/session_resumed");
	return 0;
}

static void ignore_news(int64_t server_key, void *arg)
{
	(void)server_key;
	(void)arg;
}

/* What comes to the store from any supervisor; where that cannot be told, some time. */
static void await_news(struct store *store, int64_t deadline)
{
	struct sa_error ignored;
	struct pollfd news = {.fd = store_listen(store, &ignored), .events = POLLIN};
	int ms = deadline_poll_ms(deadline);
	poll(&news, 1, ms < 0 || ms > LOOK_MS ? LOOK_MS : ms);
	if (news.fd >= 0)
		store_heard(store, ignore_news, NULL, &ignored);
}

/*
 * Its supervisor has its sessions resumed, in the environment that they had: not ours to do. Wait
 * until this one is there. since: the eventIndex before the cancel.
 */
static int await_restart(struct connection *c, int64_t since, int64_t deadline,
			 struct sa_error *err)
{
	int64_t patience = deadline_after(RESUME_MS);
	int64_t until = deadline < patience ? deadline : patience;
	for (;;) {
		struct restart restart = {false, false};
		if (store_each_event(c->store, &c->server, c->session.id, since, 0, note_restart,
				     &restart, err) < 0)
			return -1;
		if (!restart.is_wanted || restart.is_done)
			return 0;
		if (deadline_poll_ms(until) == 0)
			return error_set(err, PROBLEM_TIMEOUT,
					 "the agent of session '%s' did not heed the cancel and "
					 "was stopped; the session has not come back yet",
					 c->session.id);
		await_news(c->store, until);
	}
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
	const int64_t since = c.server.last_index;
	if (connection_cancel(&c, err) < 0)
		return -1;
	if (o->is_no_wait)
		return 0;
	if (await_turn_end(&c, deadline, err) == 0)
		return await_restart(&c, since, deadline, err);
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
