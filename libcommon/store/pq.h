/*
 * A connection to PostgreSQL through libpq, which is loaded at run time
 * (dlopen): only who uses a postgres:// store pays for it. Every statement
 * has a deadline; a connection that broke or stalled is closed and the error
 * says so (is_away), so that the caller can go on without the database.
 */
#ifndef SA_STORE_PQ_H
#define SA_STORE_PQ_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PQ_CONNECT_MS = 5000,	/* from the name look-up to "ready" */
	PQ_STATEMENT_MS = 8000, /* one statement without any sign of life */
	PQ_PREPARED_MAX = 48,
};

struct pq;

struct pq_conn {
	struct pq_conninfo *conn; /* NULL: not connected */
	char *url;
	char *place;  /* for messages: host and database, never the password */
	bool is_away; /* the last failure was the connection's, not the statement's */
	const char *prepared[PQ_PREPARED_MAX];
	size_t prepared_count;
	/* Runs on each new connection; NULL allowed. 0, or -1. */
	int (*on_connect)(void *arg, struct sa_error *err);
	void *arg;
};

/* Loads libpq; connects later. 0; -1 with PROBLEM_STORE_ERROR when libpq is not there. */
int pq_init(struct pq_conn *c, const char *url, struct sa_error *err);
void pq_free(struct pq_conn *c);
/* Connect unless connected, within PQ_CONNECT_MS. 0, or -1. */
int pq_connect(struct pq_conn *c, struct sa_error *err);
void pq_disconnect(struct pq_conn *c);

/* Rows of one answer; every value is text. */
struct pq_result {
	struct pq_answer *rows; /* NULL: none */
	int count;
};
void pq_clear(struct pq_result *result);
#define cleanup_pq __attribute__((cleanup(pq_clear)))

/*
 * Run one prepared statement (sql: a literal, its address is its name) with
 * text parameters; NULL is SQL NULL. Connects first if need be. 0 with the
 * rows; -1 with PROBLEM_STORE_ERROR, _STORE_FULL, or _CONFLICT for a broken
 * unique constraint.
 */
int pq_run(struct pq_conn *c, const char *sql, int count, const char *const *params,
	   struct pq_result *ret, struct sa_error *err);
/* Several statements without parameters, no rows: migrations, BEGIN. 0, or -1. */
int pq_script(struct pq_conn *c, const char *sql, struct sa_error *err);

/* NULL for SQL NULL; valid until pq_clear(). */
const char *pq_text(const struct pq_result *result, int row, int column);
struct span pq_span(const struct pq_result *result, int row, int column);
int64_t pq_int(const struct pq_result *result, int row, int column); /* 0 for NULL */
/* How many rows an INSERT, UPDATE or DELETE changed. */
int64_t pq_changed(const struct pq_result *result);

/* Readable when something came, such as a NOTIFY; -1 when not connected. */
int pq_fd(const struct pq_conn *c);
/* The payload of each NOTIFY on a channel LISTENed to that has come. Never blocks. 0; -1: the
 * connection broke. */
typedef void pq_notify_fn(const char *payload, void *arg);
int pq_notified(struct pq_conn *c, pq_notify_fn *fn, void *arg, struct sa_error *err);

/* Array literals: pq_array_open, one add for each element, pq_array_close. */
void pq_array_open(struct buf *b);
void pq_array_add_int(struct buf *b, int64_t value);
void pq_array_add_text(struct buf *b, struct span text);   /* none: NULL */
void pq_array_add_bytes(struct buf *b, struct span bytes); /* for bytea[]; none: NULL */
void pq_array_close(struct buf *b);
/* A bytea value as it comes in text form ("\x6869"), appended as bytes. 0, or -1. */
int pq_bytes_add(struct buf *b, struct span text);

#endif
