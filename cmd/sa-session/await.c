#include "await.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

/* Above every eventIndex: attach to what comes from now on. */
#define FROM_NOW (INT64_C(1) << 52)

static int attach(struct connection *c, struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	json_open(&op, '{');
	json_kv_string(&op, "op", "attach");
	json_kv_int(&op, "after", FROM_NOW);
	json_kv_string(&op, "sessionId", c->session.id);
	/* We show nobody what is asked. */
	json_kv_bool(&op, "present", false);
	json_close(&op, '}');
	return link_send(&c->link, buf_span(&op), err);
}

/* What a line of the supervisor means here. */
enum news {
	NEWS_NONE,
	NEWS_CHANGE, /* the session's state may be another */
	NEWS_TURN_END,
	NEWS_BEHIND, /* we were too slow: attach again */
};

static enum news read_news(struct span line)
{
	static const char *const names[] = {"type", "answers", "sender", "payload"};
	struct span f[4];
	json_members(line, names, f, 4);
	if (json_string_is(f[0], "attached"))
		return NEWS_CHANGE;
	if (json_string_is(f[0], "behind"))
		return NEWS_BEHIND;
	if (json_string_is(f[1], "session/prompt"))
		return NEWS_TURN_END;
	/* Answers and what the supervisor says change states; so does a request of the agent. */
	if (f[1].p || json_string_is(f[2], "system") ||
	    (json_string_is(f[2], "agent") && json_get(f[3], "id").p))
		return NEWS_CHANGE;
	return NEWS_NONE;
}

/* The rows again, settled if the supervisor is gone. */
static int look_again(struct connection *c, struct sa_error *err)
{
	if (c->link.is_at_end)
		connection_await_end(c);
	return connection_look_again(c, err);
}

static int tell_end(const struct connection *c, struct sa_error *err)
{
	const char *reason = c->session.end_reason ? c->session.end_reason : "no reason is known";
	bool is_closed = c->session.state == SESSION_CLOSED;
	return error_set(err, is_closed ? PROBLEM_CONFLICT : PROBLEM_AGENT_PROCESS_EXITED,
			 "session '%s' is %s: %s", c->session.id,
			 session_state_name(c->session.state), reason);
}

/* Read on until something of wanted or above happens. The news; -1 with err. */
static int next_news(struct connection *c, int64_t deadline, struct sa_error *err)
{
	for (;;) {
		struct span line;
		int rc = link_next(&c->link, deadline, -1, &line, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return NEWS_CHANGE;
		enum news news = read_news(line);
		if (news == NEWS_BEHIND && attach(c, err) < 0)
			return -1;
		if (news == NEWS_CHANGE || news == NEWS_TURN_END)
			return (int)news;
	}
}

int await_state(struct connection *c, await_fn *is_enough, int64_t deadline, struct sa_error *err)
{
	if (session_state_is_over(c->session.state) || is_enough(c->session.state))
		return is_enough(c->session.state) ? 0 : tell_end(c, err);
	/* Who cannot be written to has ended: reading tells so, too. */
	struct sa_error ended;
	(void)attach(c, &ended);
	for (;;) {
		if (next_news(c, deadline, err) < 0)
			return err->kind == PROBLEM_TIMEOUT
				   ? error_set(err, PROBLEM_TIMEOUT, "session '%s' is still %s",
					       c->session.id, session_state_name(c->session.state))
				   : -1;
		if (look_again(c, err) < 0)
			return -1;
		if (is_enough(c->session.state))
			return 0;
		if (session_state_is_over(c->session.state))
			return tell_end(c, err);
		if (c->link.is_at_end)
			return error_set(err, PROBLEM_STREAM_ERROR,
					 "the supervisor of session '%s' hung up", c->session.id);
	}
}

static bool is_in_turn(enum session_state state)
{
	return state == SESSION_RUNNING || state == SESSION_WAITING;
}

int await_turn_end(struct connection *c, int64_t deadline, struct sa_error *err)
{
	if (attach(c, err) < 0)
		return -1;
	for (;;) {
		int news = next_news(c, deadline, err);
		if (news < 0)
			return -1;
		if (news == NEWS_TURN_END)
			return 0;
		if (look_again(c, err) < 0)
			return -1;
		if (!is_in_turn(c->session.state))
			return 0;
		if (c->link.is_at_end)
			return error_set(err, PROBLEM_STREAM_ERROR,
					 "the supervisor of session '%s' hung up", c->session.id);
	}
}
