/*
 * The access log: one JSON object a line, written in batches. Off unless
 * --access-log or SANDBOX_AGENT_LOG_HTTP asks for it. Neither tokens nor the
 * access_token of a query are ever in it.
 */
#ifndef SA_SERVE_LOG_H
#define SA_SERVE_LOG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOG_BATCH_BYTES = 32 * 1024, LOG_BATCH_MS = 500 };

struct log {
	int fd;		  /* -1: off */
	bool has_headers; /* SANDBOX_AGENT_LOG_HTTP_HEADERS */
	struct buf lines;
	int64_t write_at; /* monotonic ms; DEADLINE_NEVER when nothing waits */
	uint64_t lost;	  /* lines that could not be written */
};

/* What is said of one request. */
struct log_entry {
	int64_t at_ms; /* wall clock, when its head was there */
	const char *id;
	struct span method;
	struct span target;  /* without access_token, see log_add_target() */
	struct span headers; /* a JSON object, or NONE */
	int status;
	int64_t duration_ms;
	uint64_t bytes; /* of the answer, head included, as far as the front wrote them */
};

/* path: "-" is standard error; NULL: by the environment (sa-serve(1)). 0, or -1. */
int log_open(struct log *log, const char *path, struct sa_error *err);
void log_close(struct log *log);
static inline bool log_is_on(const struct log *log)
{
	return log->fd >= 0;
}
void log_add(struct log *log, const struct log_entry *entry);
/* Append a target as it may be logged. */
void log_add_target(struct buf *b, struct span target);
/* Write what waits if it is time (or now). */
void log_flush(struct log *log, bool is_now);

#endif
