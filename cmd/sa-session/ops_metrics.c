/* The figures behind GET /metrics: sessions, agent connections, events, what waits. The front puts
 * its own in front of this text (Prometheus, text format 0.0.4). */
#include "agent/launch.h"
#include "json/write.h"
#include "ops.h"

#include <inttypes.h>

enum { SESSION_STATES = SESSION_INTERRUPTED + 1, SERVER_STATES = SERVER_CLOSED + 1 };

struct figures {
	const struct broker *broker;
	struct store *store;
	int64_t sessions[SESSION_STATES];
	int64_t servers[SERVER_STATES];
	int64_t events;
	int64_t pending;
	int64_t lag_events; /* recorded, but not in the store yet */
};

static int count_session(const struct session *session, void *arg)
{
	((struct figures *)arg)->sessions[session->state]++;
	return 0;
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP sandbox_agent_%s %s\n# TYPE sandbox_agent_%s %s\n", name, help, name,
		 type);
}

static void gauge(struct buf *b, const char *name, const char *help, int64_t value)
{
	head(b, name, "gauge", help);
	buf_addf(b, "sandbox_agent_%s %" PRId64 "\n", name, value);
}

/* What there is to say while the database is out of reach. */
static bool add_outage(struct buf *b, struct store *store)
{
	struct sa_error ignored = SA_ERROR_INIT;
	int64_t lag = 0;
	if (!store_is_away(store) || store_lag(store, NULL, &lag, &ignored) < 0)
		return false;
	gauge(b, "store_up", "Is the store within reach?", 0);
	gauge(b, "store_lag_events", "Events that wait for the store.", lag);
	return true;
}

static int count_server(const struct server *server, void *arg)
{
	struct figures *f = arg;
	struct sa_error ignored = SA_ERROR_INIT;
	int64_t events = 0;
	f->servers[server->state]++;
	f->events += server->last_index;
	if (server->state != SERVER_RUNNING ||
	    store_lag(f->store, server, &events, &ignored) < 0)
		return 0;
	f->lag_events += events;
	return 0;
}

static int count_ask(const struct ask *ask, const struct server *server, struct span payload,
		     void *arg)
{
	(void)ask;
	(void)server;
	(void)payload;
	((struct figures *)arg)->pending++;
	return 0;
}

static void counter(struct buf *b, const char *name, const char *help, int64_t value)
{
	head(b, name, "counter", help);
	buf_addf(b, "sandbox_agent_%s %" PRId64 "\n", name, value);
}

static void add_text(struct buf *b, const struct figures *f)
{
	head(b, "sessions", "gauge", "Sessions in the store, by state.");
	for (int i = 0; i < SESSION_STATES; i++)
		buf_addf(b, "sandbox_agent_sessions{state=\"%s\"} %" PRId64 "\n",
			 session_state_name((enum session_state)i), f->sessions[i]);
	head(b, "agent_connections", "gauge", "Agent connections in the store, by state.");
	for (int i = 0; i < SERVER_STATES; i++)
		buf_addf(b, "sandbox_agent_agent_connections{state=\"%s\"} %" PRId64 "\n",
			 server_state_name((enum server_state)i), f->servers[i]);
	counter(b, "agent_starts_total", "Agents started by this server.", f->broker->starts);
	counter(b, "agent_restarts_total", "Agents started again after they had ended.",
		f->broker->restarts);
	gauge(b, "events", "Events in the store.", f->events);
	gauge(b, "pending_requests", "Requests of agents that nobody has answered.", f->pending);
	gauge(b, "store_up", "Is the store within reach?", 1);
	gauge(b, "store_lag_events", "Events that wait for the store.", f->lag_events);
}

void op_metrics(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	struct figures f = {.broker = broker, .store = broker->store};
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	(void)fd;
	if (launch_reap_all(broker->store, &err) < 0 ||
	    store_each_session(broker->store, 0, count_session, &f, &err) < 0 ||
	    store_each_server(broker->store, true, count_server, &f, &err) < 0 ||
	    store_each_ask(broker->store, NULL, false, count_ask, &f, &err) < 0) {
		if (!add_outage(&text, broker->store)) {
			ops_fail(broker, request, &err, SPAN_NONE);
			return;
		}
	} else {
		add_text(&text, &f);
	}
	json_open(&b, '{');
	json_kv_span(&b, "text", buf_span(&text));
	json_close(&b, '}');
	ops_answer(broker, request, 200, buf_span(&b));
}
