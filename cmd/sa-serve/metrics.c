#include "metrics.h"

#include "answer.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "conn.h"

#include <inttypes.h>
#include <stdlib.h>

static const int64_t bounds_ms[METRIC_BUCKETS] = {1,   2,   5,    10,   50,
						  100, 500, 1000, 5000, 30000};

void metrics_init(struct metrics *metrics)
{
	*metrics = (struct metrics){.started_ms = clock_now_ms()};
	metrics->requests =
	    xcalloc((route_count + 1) * METRIC_CLASSES, sizeof(*metrics->requests));
}

void metrics_free(struct metrics *metrics)
{
	free(metrics->requests);
	metrics->requests = NULL;
}

void metrics_count(struct conn *c)
{
	const struct exchange *x = &c->exchange;
	struct metrics *m = &c->front->metrics;
	size_t route = x->route ? (size_t)(x->route - routes) : route_count;
	size_t class = x->status >= 100 && x->status < 600 ? (size_t)x->status / 100 : 0;
	m->requests[route * METRIC_CLASSES + class]++;
	m->sent_bytes += x->sent_bytes + c->out_bytes.len;
	if (x->route && x->route->answer >= ANSWER_STREAM && x->status < 300)
		return;
	int64_t took = clock_monotonic_ms() - x->started_ms;
	size_t i = 0;
	while (i < METRIC_BUCKETS && took > bounds_ms[i])
		i++;
	m->buckets[i]++;
	m->duration_ms += took > 0 ? (uint64_t)took : 0;
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP sandbox_agent_%s %s\n# TYPE sandbox_agent_%s %s\n", name, help, name,
		 type);
}

static void one(struct buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	head(b, name, type, help);
	buf_addf(b, "sandbox_agent_%s %" PRIu64 "\n", name, value);
}

static void seconds(struct buf *b, uint64_t ms)
{
	buf_addf(b, "%" PRIu64 ".%03d\n", ms / 1000, (int)(ms % 1000));
}

/* Rows that differ in a condition only are one path. */
static bool is_same_path(size_t a, size_t b)
{
	return strcmp(routes[a].method, routes[b].method) == 0 &&
	       strcmp(routes[a].pattern, routes[b].pattern) == 0;
}

static void add_requests(struct buf *b, const struct metrics *m)
{
	head(b, "http_requests_total", "counter", "Requests answered, by route and status.");
	for (size_t i = 0; i <= route_count; i++) {
		if (i > 0 && i < route_count && is_same_path(i - 1, i))
			continue;
		for (size_t class = 0; class < METRIC_CLASSES; class++) {
			uint64_t count = m->requests[i * METRIC_CLASSES + class];
			for (size_t j = i + 1; j < route_count && is_same_path(i, j); j++)
				count += m->requests[j * METRIC_CLASSES + class];
			if (!count)
				continue;
			buf_addf(b,
				 "sandbox_agent_http_requests_total{method=\"%s\",route=\"%s\","
				 "code=\"%s\"} %" PRIu64 "\n",
				 i < route_count ? routes[i].method : "",
				 i < route_count ? routes[i].pattern : "",
				 (const char *const[]){"none", "1xx", "2xx", "3xx", "4xx",
						       "5xx"}[class],
				 count);
		}
	}
}

static void add_durations(struct buf *b, const struct metrics *m)
{
	static const char name[] = "sandbox_agent_http_request_duration_seconds";
	uint64_t count = 0;
	head(b, "http_request_duration_seconds", "histogram",
	     "From a request's head to its end; streams excepted.");
	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		count += m->buckets[i];
		buf_addf(b, "%s_bucket{le=\"%d.%03d\"} %" PRIu64 "\n", name,
			 (int)(bounds_ms[i] / 1000), (int)(bounds_ms[i] % 1000), count);
	}
	count += m->buckets[METRIC_BUCKETS];
	buf_addf(b, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name, count, name);
	seconds(b, m->duration_ms);
	buf_addf(b, "%s_count %" PRIu64 "\n", name, count);
}

void metrics_answer(struct conn *c, struct span text)
{
	const struct front *front = c->front;
	const struct metrics *m = &front->metrics;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	head(&b, "build_info", "gauge", "Which build this is.");
	buf_addf(&b, "sandbox_agent_build_info{version=\"%s\"} 1\n", SA_VERSION);
	head(&b, "start_time_seconds", "gauge", "When this server was started, Unix time.");
	buf_adds(&b, "sandbox_agent_start_time_seconds ");
	seconds(&b, (uint64_t)m->started_ms);
	add_requests(&b, m);
	add_durations(&b, m);
	one(&b, "http_sent_bytes_total", "counter", "Bytes of answers that the front wrote.",
	    m->sent_bytes);
	one(&b, "http_connections_total", "counter", "Connections accepted.", m->connections);
	one(&b, "http_connections", "gauge", "Connections now.", front->conn_count);
	one(&b, "commands", "gauge", "Commands that the front runs now, streams among them.",
	    front->child_count);
	one(&b, "http_buffered_bytes", "gauge", "Bytes of request bodies in memory.",
	    front->buffered);
	/* sa-session says it with the figures of the store. */
	if (!text.p)
		one(&b, "store_up", "gauge", "Is the store within reach?", 0);
	buf_add_span(&b, text);
	answer_text(c, 200, "text/plain; version=0.0.4", buf_span(&b), SPAN_NONE);
}
