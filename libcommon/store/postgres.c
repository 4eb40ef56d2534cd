#include "store/postgres.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOST_RANDOM = 10, HOST_BYTES = 128, SCHEMA_BYTES = 40 };

int postgres_run(struct postgres_store *s, const char *sql, int count, const char *const *params,
		 struct pq_result *ret, struct sa_error *err)
{
	bool was_connected = s->conn.conn != NULL;
	int rc = pq_run(&s->conn, sql, count, params, ret, err);
	/* The server may have been restarted since we last asked. */
	if (rc < 0 && was_connected && s->conn.is_away && !s->is_in_transaction)
		rc = pq_run(&s->conn, sql, count, params, ret, err);
	return rc;
}

int postgres_begin(struct postgres_store *s, struct sa_error *err)
{
	bool was_connected = s->conn.conn != NULL;
	int rc = pq_script(&s->conn, "BEGIN", err);
	if (rc < 0 && was_connected && s->conn.is_away)
		rc = pq_script(&s->conn, "BEGIN", err);
	s->is_in_transaction = rc == 0;
	return rc;
}

int postgres_end(struct postgres_store *s, int rc, struct sa_error *err)
{
	struct sa_error ignored;
	if (rc == 0 && !s->conn.conn)
		rc = error_set(err, PROBLEM_STORE_ERROR, "the connection to the database broke");
	if (rc == 0)
		rc = pq_script(&s->conn, "COMMIT", err);
	if (rc < 0 && s->conn.conn)
		pq_script(&s->conn, "ROLLBACK", &ignored);
	s->is_in_transaction = false;
	return rc;
}

const char *postgres_number(int64_t value, char *text)
{
	snprintf(text, PG_NUMBER_BYTES, "%lld", (long long)value);
	return text;
}

/* --- who we are ------------------------------------------------------------------------ */

/* Write the machine's name once; somebody else's is as good. 0, or -1. */
static int make_host(const char *path, struct sa_error *err)
{
	char name[64] = "host";
	cleanup_free char *random = ident_random(HOST_RANDOM);
	cleanup_free char *temporary = xasprintf("%s.%s", path, random);
	gethostname(name, sizeof(name) - 1);
	cleanup_free char *text = xasprintf("%s-%s", name, random);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "write %s", temporary);
	int rc = io_write_all(fd, span_of(text));
	if (rc < 0)
		error_set_errno(err, PROBLEM_STORE_ERROR, errno, "write %s", temporary);
	close(fd);
	if (rc == 0 && link(temporary, path) < 0 && errno != EEXIST)
		rc = error_set_errno(err, PROBLEM_STORE_ERROR, errno, "write %s", path);
	unlink(temporary);
	return rc;
}

/* What the rows of this machine's supervisors say; made once for each state directory. */
static char *read_host(struct sa_error *err)
{
	cleanup_free char *state = dirs_state();
	cleanup_buf struct buf text = BUF_INIT(HOST_BYTES);
	if (!state) {
		error_set(err, PROBLEM_STORE_ERROR,
			  "no home directory: set HOME or XDG_STATE_HOME");
		return NULL;
	}
	cleanup_free char *path = xasprintf("%s/host", state);
	if (dirs_make(state, err) < 0)
		return NULL;
	if (access(path, F_OK) < 0 && make_host(path, err) < 0)
		return NULL;
	if (io_read_file(path, &text, err) < 0)
		return NULL;
	return buf_take(&text);
}

/*
 * Take "schema=NAME" out of the query of a URL: a tenant may be named there, too, and libpq knows
 * no such parameter. The value is owned; NULL: there is none.
 */
static char *take_schema(char *url)
{
	char *at = strchr(url, '?');
	while (at && strncmp(at + 1, "schema=", 7) != 0)
		at = strchr(at + 1, '&');
	if (!at)
		return NULL;
	size_t n = strcspn(at + 8, "&");
	char *name = xmemdup0(at + 8, n), *rest = at + 8 + n;
	/* The parameter goes with the separator behind it; as the last one with that before it. */
	if (*rest)
		memmove(at + 1, rest + 1, strlen(rest));
	else
		*at = '\0';
	return name;
}

/* It becomes part of statements: letters, digits and underscores only. Consumes wish. */
static char *check_schema(char *wish, struct sa_error *err)
{
	cleanup_free char *name = wish;
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (*name && !name[n] && n <= SCHEMA_BYTES && !(name[0] >= '0' && name[0] <= '9'))
		return TAKE_PTR(name);
	error_set(err, PROBLEM_INVALID_REQUEST,
		  "a schema (SANDBOX_AGENT_STORE_SCHEMA, ?schema=) is a name of a-z, 0-9 and _ of "
		  "at most %d, not '%s'",
		  SCHEMA_BYTES, name);
	return NULL;
}

static char *read_schema(char *url, struct sa_error *err)
{
	const char *name = getenv("SANDBOX_AGENT_STORE_SCHEMA");
	char *wish = take_schema(url);
	if (!wish)
		wish = xstrdup(name && *name ? name : PG_SCHEMA_DEFAULT);
	return check_schema(wish, err);
}

/* --- opening ----------------------------------------------------------------------------- */

static void postgres_close(struct store *store)
{
	struct postgres_store *s = postgres_of(store);
	postgres_spool_close(s);
	pq_free(&s->conn);
	free(s->schema);
	free(s->host);
	free(s->claimed_uid);
	free(s);
}

/* Commits are told on a channel named as the schema: tenants do not wake each other. */
static int postgres_listen(struct store *store, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_buf struct buf sql = BUF_INIT(BUF_MAX_OWN);
	buf_addf(&sql, "LISTEN %s", s->schema);
	if (!s->conn.conn || !s->is_listening) {
		if (pq_script(&s->conn, sql.data, err) < 0)
			return -1;
		s->is_listening = true;
	}
	return pq_fd(&s->conn);
}

static bool postgres_is_away(const struct store *store)
{
	const struct postgres_store *s = (const struct postgres_store *)(const void *)store;
	return s->conn.is_away;
}

struct news {
	store_news_fn *fn;
	void *arg;
};

static void on_notify(const char *payload, void *arg)
{
	const struct news *news = arg;
	int64_t key = 0;
	if (num_parse_i64(span_of(payload), 1, INT64_MAX, &key) < 0)
		key = 0;
	news->fn(key, news->arg);
}

static int postgres_heard(struct store *store, store_news_fn *fn, void *arg, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	struct news news = {fn, arg};
	/* A statement in between may have connected anew. */
	if (!s->is_listening)
		return error_set(err, PROBLEM_STORE_ERROR, "%s: the connection broke",
				 s->conn.place);
	return pq_notified(&s->conn, on_notify, &news, err);
}

static const struct store_ops ops = {
    .close = postgres_close,
    .claim_server = postgres_claim_server,
    .commit = postgres_commit,
    .import = postgres_import,
    .tick = postgres_tick,
    .lag = postgres_lag,
    .describe = postgres_describe,
    .vacuum = postgres_vacuum,
    .check = postgres_check,
    .listen = postgres_listen,
    .heard = postgres_heard,
    .is_away = postgres_is_away,
    .find_server = postgres_find_server,
    .get_server = postgres_get_server,
    .find_server_by_uid = postgres_find_server_by_uid,
    .each_server = postgres_each_server,
    .find_session = postgres_find_session,
    .each_session = postgres_each_session,
    .each_event = postgres_each_event,
    .count_events = postgres_count_events,
    .each_count = postgres_each_count,
    .tail_index = postgres_tail_index,
    .index_of_stream = postgres_index_of_stream,
    .each_ask = postgres_each_ask,
    .each_prompt = postgres_each_prompt,
    .mark_dead = postgres_mark_dead,
    .set_session_state = postgres_set_session_state,
    .set_server_state = postgres_set_server_state,
    .delete_session = postgres_delete_session,
};

struct store *postgres_store_open(const char *url, struct sa_error *err)
{
	struct postgres_store *s = xcalloc(1, sizeof(*s));
	s->base.ops = &ops;
	s->spool_lock = -1;
	cleanup_free char *address = xstrdup(url);
	s->schema = read_schema(address, err);
	s->host = s->schema ? read_host(err) : NULL;
	if (!s->host || pq_init(&s->conn, address, err) < 0) {
		postgres_close(&s->base);
		return NULL;
	}
	s->conn.on_connect = postgres_prepare;
	s->conn.arg = s;
	return &s->base;
}
