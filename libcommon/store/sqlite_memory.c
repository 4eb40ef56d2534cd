/*
 * "memory:": a SQLite database on tmpfs, so that every command of this user
 * reads it, nothing reaches a disk, and the rules are SQLite's own. What a
 * supervisor wrote goes with its orderly end; a killed one's stays to be
 * resumed. Its story is bounded: when it has more events than the limit, the
 * oldest whole turns leave, and the supervisor tells so. memory_place.h says
 * when the file itself goes.
 */
#include "store/sqlite.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "store/memory_place.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	EVENTS_DEFAULT = 100000, /* of one server */
	SESSIONS_DEFAULT = 1024, /* in the store */
	TRIM_TO_PERCENT = 90,	 /* after trimming, so that not every commit trims */
};

struct memory_store {
	struct sqlite_store sqlite;
	struct store_ops ops;
	int64_t max_events;
	int64_t max_sessions;
	int64_t claimed_key;
	int64_t kept; /* events of the claimed server */
	int64_t forgotten; /* of it, since the last look */
	struct memory_place place;
};

static struct memory_store *memory_of(struct store *store)
{
	return (struct memory_store *)(void *)store;
}

static int read_limit(const char *variable, int64_t fallback, int64_t *ret, struct sa_error *err)
{
	const char *text = getenv(variable);
	*ret = fallback;
	if (!text || !*text || num_parse_i64(span_of(text), 1, INT64_C(1) << 39, ret) == 0)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "%s is a whole number from 1, not '%s'",
			 variable, text);
}

/* --- bounds ------------------------------------------------------------------------------- */

static int run_range(struct sqlite_store *s, const char *sql, int64_t from, int64_t to,
		     struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, sql, err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, from);
	sqlite3_bind_int64(stmt, 2, to);
	return sqlite_run(s, stmt, err);
}

static int forget_rows(struct sqlite_store *s, int64_t from, int64_t to, struct sa_error *err)
{
	if (run_range(s, "DELETE FROM asks WHERE seq>=?1 AND seq<?2", from, to, err) < 0)
		return -1;
	return run_range(s, "DELETE FROM events WHERE seq>=?1 AND seq<?2", from, to, err);
}

/* The first event that stays: the next start of a turn behind drop events, else just there. */
static int find_cut(struct sqlite_store *s, int64_t key, int64_t drop, int64_t *ret,
		    struct sa_error *err)
{
	int64_t least;
	sqlite3_stmt *stmt = sqlite_prepare(
	    s, "SELECT seq FROM events WHERE seq>?1 AND seq<?2 ORDER BY seq LIMIT 1 OFFSET ?3",
	    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, event_rowid(key, 0));
	sqlite3_bind_int64(stmt, 2, event_rowid(key + 1, 0));
	sqlite3_bind_int64(stmt, 3, drop);
	if (sqlite_integer(s, stmt, event_rowid(key, 0), &least, err) < 0)
		return -1;
	stmt = sqlite_prepare(s,
			      "SELECT seq FROM events WHERE seq>=?1 AND seq<?2 AND sender=0"
			      " AND payload LIKE '%\"session/prompt\"%' ORDER BY seq LIMIT 1",
			      err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, least);
	sqlite3_bind_int64(stmt, 2, event_rowid(key + 1, 0));
	return sqlite_integer(s, stmt, least, ret, err);
}

static int trim(struct memory_store *m, struct sa_error *err)
{
	int64_t cut, key = m->claimed_key;
	int64_t drop = m->kept - m->max_events * TRIM_TO_PERCENT / 100;
	if (sqlite_begin(&m->sqlite, err) < 0)
		return -1;
	int rc = find_cut(&m->sqlite, key, drop, &cut, err);
	if (rc == 0)
		rc = forget_rows(&m->sqlite, event_rowid(key, 0), cut, err);
	if (rc == 0)
		rc = sqlite_forget_counts(&m->sqlite, key, err);
	return sqlite_end(&m->sqlite, rc, err);
}

static int memory_commit(struct store *store, const struct store_batch *batch, struct sa_error *err)
{
	struct memory_store *m = memory_of(store);
	struct sa_error ignored;
	if (sqlite_commit(store, batch, err) < 0)
		return -1;
	m->kept += (int64_t)batch->event_count;
	if (m->kept <= m->max_events)
		return 0;
	/* The batch is stored; too much of the past is no reason to refuse it. */
	int64_t before = m->kept;
	if (trim(m, &ignored) == 0 &&
	    sqlite_count_events(store, batch->server, NULL, &m->kept, &(int64_t){0}, &ignored) == 0)
		m->forgotten += before - m->kept;
	return 0;
}

static int64_t memory_take_forgotten(struct store *store)
{
	struct memory_store *m = memory_of(store);
	int64_t events = m->forgotten;
	m->forgotten = 0;
	return events;
}

/* --- life ----------------------------------------------------------------------------------- */

static int count_sessions(struct memory_store *m, int64_t *ret, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(&m->sqlite, "SELECT count(*) FROM sessions", err);
	return stmt ? sqlite_integer(&m->sqlite, stmt, 0, ret, err) : -1;
}

/* What a supervisor wrote goes with it. */
static int forget_server(struct memory_store *m, int64_t key, struct sa_error *err)
{
	struct sqlite_store *s = &m->sqlite;
	if (sqlite_begin(s, err) < 0)
		return -1;
	int rc = forget_rows(s, event_rowid(key, 0), event_rowid(key + 1, 0), err);
	if (rc == 0)
		rc = sqlite_forget_counts(s, key, err);
	if (rc == 0)
		rc = run_range(s, "DELETE FROM prompts WHERE seq>?1 AND seq<?2",
			       event_rowid(key, 0), event_rowid(key + 1, 0), err);
	if (rc == 0)
		rc = run_range(s, "DELETE FROM sessions WHERE server_key>=?1 AND server_key<?2",
			       key, key + 1, err);
	if (rc == 0)
		rc =
		    run_range(s, "DELETE FROM servers WHERE key>=?1 AND key<?2", key, key + 1, err);
	return sqlite_end(s, rc, err);
}

/* Make room: killed supervisors' servers leave, oldest first. */
static int forget_ended(struct memory_store *m, int64_t *sessions, struct sa_error *err)
{
	while (*sessions >= m->max_sessions) {
		int64_t key;
		sqlite3_stmt *stmt = sqlite_prepare(
		    &m->sqlite, "SELECT key FROM servers WHERE state<>0 ORDER BY key LIMIT 1", err);
		if (!stmt || sqlite_integer(&m->sqlite, stmt, 0, &key, err) < 0)
			return -1;
		if (key == 0)
			return error_set(err, PROBLEM_CONFLICT,
					 "the memory: store holds %" PRId64 " sessions already "
					 "(SANDBOX_AGENT_STORE_MAX_SESSIONS); close some",
					 *sessions);
		if (forget_server(m, key, err) < 0 || count_sessions(m, sessions, err) < 0)
			return -1;
	}
	return 0;
}

static int memory_claim_server(struct store *store, struct server *server, struct sa_error *err)
{
	struct memory_store *m = memory_of(store);
	int64_t sessions;
	if (count_sessions(m, &sessions, err) < 0 || forget_ended(m, &sessions, err) < 0 ||
	    sqlite_claim_server(store, server, err) < 0)
		return -1;
	m->claimed_key = server->key;
	return sqlite_count_events(store, server, NULL, &m->kept, &(int64_t){0}, err);
}

static bool is_empty(struct memory_store *m)
{
	struct sa_error ignored;
	int64_t servers = 1;
	sqlite3_stmt *stmt = sqlite_prepare(&m->sqlite, "SELECT count(*) FROM servers", &ignored);
	return stmt && sqlite_integer(&m->sqlite, stmt, 1, &servers, &ignored) == 0 && servers == 0;
}

static void memory_close(struct store *store)
{
	struct memory_store *m = memory_of(store);
	struct sa_error ignored;
	int gate;
	if (m->claimed_key)
		forget_server(m, m->claimed_key, &ignored);
	struct memory_place place = m->place;
	bool is_over = memory_place_is_last(&place, &gate) && is_empty(m);
	sqlite_close(store);
	memory_place_leave(&place, gate, is_over);
}

struct store *memory_store_open(struct sa_error *err)
{
	struct memory_place place;
	if (memory_place_enter(&place, err) < 0)
		return NULL;
	struct memory_store *m = xcalloc(1, sizeof(*m));
	m->ops = sqlite_ops;
	m->ops.close = memory_close;
	m->ops.claim_server = memory_claim_server;
	m->ops.commit = memory_commit;
	m->ops.take_forgotten = memory_take_forgotten;
	m->sqlite.base.ops = &m->ops;
	m->place = place;
	if (read_limit("SANDBOX_AGENT_STORE_MAX_EVENTS", EVENTS_DEFAULT, &m->max_events, err) ==
		0 &&
	    read_limit("SANDBOX_AGENT_STORE_MAX_SESSIONS", SESSIONS_DEFAULT, &m->max_sessions,
		       err) == 0 &&
	    sqlite_open(&m->sqlite, place.path, err) == 0)
		return &m->sqlite.base;
	sqlite_close(&m->sqlite.base);
	memory_place_leave(&place, -1, false);
	return NULL;
}
