/* What the front counts, for GET /metrics (Prometheus, text format 0.0.4). */
#ifndef SA_SERVE_METRICS_H
#define SA_SERVE_METRICS_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct front;

enum { METRIC_BUCKETS = 10, METRIC_CLASSES = 6 };

struct metrics {
	uint64_t *requests; /* by route (one more for none) and hundreds of the status */
	/* Streams and sockets are not in here: they last as long as somebody listens. */
	uint64_t buckets[METRIC_BUCKETS + 1];
	uint64_t duration_ms;
	uint64_t sent_bytes;
	uint64_t connections;
	int64_t started_ms; /* Unix time */
};

void metrics_init(struct metrics *metrics);
void metrics_free(struct metrics *metrics);
/* An exchange is over. */
void metrics_count(struct conn *c);
/* Answer with our figures and text, which a command has made; NONE: it could not. */
void metrics_answer(struct conn *c, struct span text);

#endif
