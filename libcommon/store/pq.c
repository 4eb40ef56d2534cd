#include "store/pq.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/library.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpq's documented values ("libpq - C Library", 34.1 to 34.4). */
enum {
	CONNECTION_OK = 0,
	POLLING_FAILED = 0,
	POLLING_READING = 1,
	POLLING_WRITING = 2,
	POLLING_OK = 3,
	RES_COMMAND_OK = 1,
	RES_TUPLES_OK = 2,
};

/* One X for each function that is used: result, name, parameters. */
#define PQ_FUNCTIONS(X)                                                                            \
	X(struct pq_conninfo *, PQconnectStart, (const char *))                                    \
	X(int, PQconnectPoll, (struct pq_conninfo *))                                              \
	X(int, PQstatus, (const struct pq_conninfo *))                                             \
	X(int, PQsocket, (const struct pq_conninfo *))                                             \
	X(char *, PQerrorMessage, (const struct pq_conninfo *))                                    \
	X(char *, PQhost, (const struct pq_conninfo *))                                            \
	X(char *, PQdb, (const struct pq_conninfo *))                                              \
	X(void, PQfinish, (struct pq_conninfo *))                                                  \
	X(int, PQsetnonblocking, (struct pq_conninfo *, int))                                      \
	X(int, PQsendQuery, (struct pq_conninfo *, const char *))                                  \
	X(int, PQsendPrepare,                                                                      \
	  (struct pq_conninfo *, const char *, const char *, int, const unsigned *))               \
	X(int, PQsendQueryPrepared,                                                                \
	  (struct pq_conninfo *, const char *, int, const char *const *, const int *, const int *, \
	   int))                                                                                   \
	X(int, PQflush, (struct pq_conninfo *))                                                    \
	X(int, PQconsumeInput, (struct pq_conninfo *))                                             \
	X(int, PQisBusy, (struct pq_conninfo *))                                                   \
	X(struct pq_answer *, PQgetResult, (struct pq_conninfo *))                                 \
	X(int, PQresultStatus, (const struct pq_answer *))                                         \
	X(char *, PQresultErrorField, (const struct pq_answer *, int))                             \
	X(void, PQclear, (struct pq_answer *))                                                     \
	X(int, PQntuples, (const struct pq_answer *))                                              \
	X(char *, PQgetvalue, (const struct pq_answer *, int, int))                                \
	X(int, PQgetlength, (const struct pq_answer *, int, int))                                  \
	X(int, PQgetisnull, (const struct pq_answer *, int, int))                                  \
	X(char *, PQcmdTuples, (struct pq_answer *))                                               \
	X(void *, PQnotifies, (struct pq_conninfo *))                                              \
	X(void, PQfreemem, (void *))                                                               \
	X(void *, PQsetNoticeProcessor,                                                            \
	  (struct pq_conninfo *, void (*)(void *, const char *), void *))

static struct pq_functions {
#define FIELD(result, name, parameters) result(*name) parameters;
	PQ_FUNCTIONS(FIELD)
#undef FIELD
} pq;

static int load(struct sa_error *err)
{
	static const char *const files[] = {"libpq.so.5", NULL};
	static const struct library_function functions[] = {
#define ROW(result, name, parameters) {#name, offsetof(struct pq_functions, name)},
	    PQ_FUNCTIONS(ROW)
#undef ROW
	};
	static struct library library = {
	    .files = files,
	    .functions = functions,
	    .function_count = ARRAY_SIZE(functions),
	    .kind = PROBLEM_STORE_ERROR,
	    .missing = "a postgres:// store needs libpq (Debian: apt install libpq5)",
	};
	return library_load(&library, &pq, err);
}

/* --- connecting ----------------------------------------------------------------- */

int pq_init(struct pq_conn *c, const char *url, struct sa_error *err)
{
	*c = (struct pq_conn){.url = xstrdup(url)};
	if (load(err) == 0)
		return 0;
	pq_free(c);
	return -1;
}

void pq_disconnect(struct pq_conn *c)
{
	if (c->conn)
		pq.PQfinish(c->conn);
	c->conn = NULL;
	c->prepared_count = 0;
}

void pq_free(struct pq_conn *c)
{
	pq_disconnect(c);
	free(c->url);
	free(c->place);
	c->url = c->place = NULL;
}

/* libpq's messages end with a newline and may have several lines. */
static void first_line(const char *text, char *out, size_t size)
{
	while (text && *text == '\n')
		text++;
	snprintf(out, size, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
}

static const char *place(const struct pq_conn *c)
{
	return c->place ? c->place : "the PostgreSQL server";
}

/* The connection is of no more use. */
static int lose(struct pq_conn *c, struct sa_error *err, const char *why)
{
	char line[512];
	first_line(why ? why : pq.PQerrorMessage(c->conn), line, sizeof(line));
	error_set(err, PROBLEM_STORE_ERROR, "%s is out of reach: %s", place(c), line);
	pq_disconnect(c);
	c->is_away = true;
	return -1;
}

/* Wait until fd is ready or the deadline has passed. Ready events, 0. */
static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};
	int rc;
	do
		rc = poll(&p, 1, deadline_poll_ms(deadline));
	while (rc < 0 && errno == EINTR);
	return rc > 0 ? p.revents : 0;
}

static void no_notice(void *arg, const char *text)
{
	(void)arg, (void)text;
}

int pq_connect(struct pq_conn *c, struct sa_error *err)
{
	if (c->conn)
		return 0;
	int64_t deadline = deadline_after(PQ_CONNECT_MS);
	c->conn = pq.PQconnectStart(c->url);
	if (!c->conn)
		return error_set(err, PROBLEM_STORE_ERROR, "out of memory in libpq");
	for (int state = POLLING_WRITING; state != POLLING_OK;) {
		if (pq.PQstatus(c->conn) == 1 /* CONNECTION_BAD */)
			return lose(c, err, NULL);
		if (!wait_for(pq.PQsocket(c->conn), state == POLLING_READING ? POLLIN : POLLOUT,
			      deadline))
			return lose(c, err, "no answer while connecting");
		state = pq.PQconnectPoll(c->conn);
		if (state == POLLING_FAILED)
			return lose(c, err, NULL);
	}
	pq.PQsetnonblocking(c->conn, 1);
	pq.PQsetNoticeProcessor(c->conn, no_notice, NULL);
	free(c->place);
	c->place = xasprintf("database '%s' at %s", pq.PQdb(c->conn), pq.PQhost(c->conn));
	c->is_away = false;
	if (!c->on_connect || c->on_connect(c->arg, err) == 0)
		return 0;
	pq_disconnect(c);
	return -1;
}

/* --- statements ------------------------------------------------------------------- */

void pq_clear(struct pq_result *result)
{
	if (result->rows)
		pq.PQclear(result->rows);
	*result = (struct pq_result){NULL, 0};
}

/* Send the rest of a statement and wait for a whole result. 0, or -1 after lose(). */
static int wait_result(struct pq_conn *c, struct sa_error *err)
{
	int64_t deadline = deadline_after(PQ_STATEMENT_MS);
	for (;;) {
		int unsent = pq.PQflush(c->conn);
		if (unsent < 0)
			return lose(c, err, NULL);
		if (!unsent && !pq.PQisBusy(c->conn))
			return 0;
		int ready =
		    wait_for(pq.PQsocket(c->conn), unsent ? POLLIN | POLLOUT : POLLIN, deadline);
		if (!ready)
			return lose(c, err, "no answer to a statement");
		if (ready & (POLLIN | POLLHUP | POLLERR) && !pq.PQconsumeInput(c->conn))
			return lose(c, err, NULL);
		deadline = deadline_after(PQ_STATEMENT_MS);
	}
}

/* What a refused statement means (PostgreSQL's appendix A, error codes). */
static void judge(const struct pq_conn *c, const struct pq_answer *answer, struct sa_error *err)
{
	char line[512];
	const char *code = pq.PQresultErrorField(answer, 'C');
	first_line(pq.PQresultErrorField(answer, 'M'), line, sizeof(line));
	if (!code)
		code = "";
	if (strcmp(code, "53100") == 0)
		error_set(err, PROBLEM_STORE_FULL, "no space left for %s; free some and try again",
			  place(c));
	else if (strcmp(code, "23505") == 0)
		error_set(err, PROBLEM_CONFLICT, "%s: %s", place(c), line);
	else
		error_set(err, PROBLEM_STORE_ERROR, "%s: %s (SQLSTATE %s)", place(c), line, code);
}

/* Read all results of what was sent; the last one with rows is kept. */
static int collect(struct pq_conn *c, struct pq_result *ret, struct sa_error *err)
{
	int rc = 0;
	for (;;) {
		if (wait_result(c, err) < 0)
			return -1;
		struct pq_answer *answer = pq.PQgetResult(c->conn);
		if (!answer)
			break;
		int status = pq.PQresultStatus(answer);
		if (status != RES_COMMAND_OK && status != RES_TUPLES_OK) {
			if (rc == 0)
				judge(c, answer, err);
			rc = -1;
		}
		if (!ret || rc < 0) {
			pq.PQclear(answer);
			continue;
		}
		pq_clear(ret);
		ret->rows = answer;
		ret->count = pq.PQntuples(answer);
	}
	/* The server ended the session (shutdown, restart): the next statement connects anew. */
	if (rc < 0 && pq.PQstatus(c->conn) != CONNECTION_OK) {
		pq_disconnect(c);
		c->is_away = true;
	}
	if (rc < 0 && ret)
		pq_clear(ret);
	return rc;
}

int pq_script(struct pq_conn *c, const char *sql, struct sa_error *err)
{
	if (pq_connect(c, err) < 0)
		return -1;
	c->is_away = false;
	if (!pq.PQsendQuery(c->conn, sql))
		return lose(c, err, NULL);
	return collect(c, NULL, err);
}

/* The name under which sql is prepared here; prepare it first if need be. 0, or -1. */
static int prepare(struct pq_conn *c, const char *sql, char *name, size_t size,
		   struct sa_error *err)
{
	size_t i = 0;
	while (i < c->prepared_count && c->prepared[i] != sql)
		i++;
	snprintf(name, size, "s%zu", i);
	if (i < c->prepared_count)
		return 0;
	if (i == PQ_PREPARED_MAX)
		return error_set(err, PROBLEM_BUG, "more than %d statements", PQ_PREPARED_MAX);
	if (!pq.PQsendPrepare(c->conn, name, sql, 0, NULL))
		return lose(c, err, NULL);
	if (collect(c, NULL, err) < 0)
		return -1;
	c->prepared[c->prepared_count++] = sql;
	return 0;
}

int pq_run(struct pq_conn *c, const char *sql, int count, const char *const *params,
	   struct pq_result *ret, struct sa_error *err)
{
	char name[16];
	if (pq_connect(c, err) < 0)
		return -1;
	c->is_away = false;
	if (prepare(c, sql, name, sizeof(name), err) < 0)
		return -1;
	if (!pq.PQsendQueryPrepared(c->conn, name, count, params, NULL, NULL, 0))
		return lose(c, err, NULL);
	return collect(c, ret, err);
}

const char *pq_text(const struct pq_result *result, int row, int column)
{
	return pq.PQgetisnull(result->rows, row, column) ? NULL
							 : pq.PQgetvalue(result->rows, row, column);
}

struct span pq_span(const struct pq_result *result, int row, int column)
{
	if (pq.PQgetisnull(result->rows, row, column))
		return SPAN_NONE;
	return (struct span){pq.PQgetvalue(result->rows, row, column),
			     (size_t)pq.PQgetlength(result->rows, row, column)};
}

int64_t pq_int(const struct pq_result *result, int row, int column)
{
	int64_t value = 0;
	num_parse_i64(pq_span(result, row, column), INT64_MIN, INT64_MAX, &value);
	return value;
}

int64_t pq_changed(const struct pq_result *result)
{
	int64_t value = 0;
	num_parse_i64(span_of(pq.PQcmdTuples(result->rows)), 0, INT64_MAX, &value);
	return value;
}

/* --- notifications ------------------------------------------------------------------ */

/* PGnotify ("libpq - C Library", 34.9), as far as it is documented. */
struct notification {
	char *channel;
	int sender_pid;
	char *payload;
};

int pq_fd(const struct pq_conn *c)
{
	return c->conn ? pq.PQsocket(c->conn) : -1;
}

int pq_notified(struct pq_conn *c, pq_notify_fn *fn, void *arg, struct sa_error *err)
{
	struct notification *n;
	if (!c->conn)
		return error_set(err, PROBLEM_STORE_ERROR, "%s: not connected", c->place);
	if (!pq.PQconsumeInput(c->conn))
		return lose(c, err, NULL);
	while ((n = pq.PQnotifies(c->conn))) {
		fn(n->payload, arg);
		pq.PQfreemem(n);
	}
	return 0;
}

/* --- values ------------------------------------------------------------------------- */

void pq_array_open(struct buf *b)
{
	buf_clear(b);
	buf_addc(b, '{');
}

static void separate(struct buf *b)
{
	if (b->len > 1)
		buf_addc(b, ',');
}

void pq_array_add_int(struct buf *b, int64_t value)
{
	separate(b);
	buf_addf(b, "%lld", (long long)value);
}

void pq_array_add_text(struct buf *b, struct span text)
{
	separate(b);
	if (!text.p) {
		buf_adds(b, "NULL");
		return;
	}
	buf_addc(b, '"');
	for (size_t i = 0; i < text.n;) {
		size_t plain = i;
		while (plain < text.n && text.p[plain] != '"' && text.p[plain] != '\\')
			plain++;
		buf_add(b, text.p + i, plain - i);
		if (plain < text.n) {
			buf_addc(b, '\\');
			buf_addc(b, text.p[plain++]);
		}
		i = plain;
	}
	buf_addc(b, '"');
}

void pq_array_add_bytes(struct buf *b, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";
	if (!bytes.p) {
		pq_array_add_text(b, SPAN_NONE);
		return;
	}
	separate(b);
	buf_adds(b, "\"\\\\x");
	for (size_t i = 0; i < bytes.n; i++) {
		buf_addc(b, digits[(unsigned char)bytes.p[i] >> 4]);
		buf_addc(b, digits[(unsigned char)bytes.p[i] & 15]);
	}
	buf_addc(b, '"');
}

void pq_array_close(struct buf *b)
{
	buf_addc(b, '}');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int pq_bytes_add(struct buf *b, struct span text)
{
	if (text.n < 2 || text.n % 2 || text.p[0] != '\\' || text.p[1] != 'x')
		return -1;
	for (size_t i = 2; i < text.n; i += 2) {
		int high = hex_value(text.p[i]), low = hex_value(text.p[i + 1]);
		if (high < 0 || low < 0)
			return -1;
		buf_addc(b, (char)(high << 4 | low));
	}
	return 0;
}
