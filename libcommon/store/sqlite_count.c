/*
 * How many events each session has, kept from one look to the next: only what came since is counted,
 * so that a session with a million events costs one look only, and committing nothing at all.
 */
#include "store/sqlite.h"

#define SQL(s) ((struct sqlite_store *)(s))

int sqlite_forget_counts(struct sqlite_store *s, int64_t server_key, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, "DELETE FROM tallies WHERE server_key=?1", err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, server_key);
	return sqlite_run(s, stmt, err);
}

/* Inside a transaction: add what came since the last look. */
static int count_news(struct sqlite_store *s, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "WITH w AS MATERIALIZED(SELECT v.key,v.last_index,coalesce(t.last_index,0) AS done"
	    "  FROM servers v LEFT JOIN tallies t ON t.server_key=v.key AND t.session_id=''"
	    "  WHERE v.last_index>coalesce(t.last_index,0)),"
	    " n AS(SELECT w.key,e.session_id,count(*) AS c,max(e.seq)&1099511627775 AS m"
	    "  FROM w JOIN events e ON e.seq>(w.key<<40|w.done) AND e.seq<=(w.key<<40|w.last_index)"
	    "  WHERE e.session_id IS NOT NULL AND e.session_id<>'' GROUP BY w.key,e.session_id)"
	    " INSERT INTO tallies(server_key,session_id,events,last_index)"
	    " SELECT key,session_id,c,m FROM n UNION ALL SELECT key,'',0,last_index FROM w WHERE 1"
	    " ON CONFLICT(server_key,session_id) DO UPDATE SET"
	    " events=events+excluded.events,last_index=excluded.last_index",
	    err);
	return stmt ? sqlite_run(s, stmt, err) : -1;
}

static int has_news(struct sqlite_store *s, int64_t *ret, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "SELECT EXISTS(SELECT 1 FROM servers v LEFT JOIN tallies t ON t.server_key=v.key AND"
	    " t.session_id='' WHERE v.last_index>coalesce(t.last_index,0))",
	    err);
	return stmt ? sqlite_integer(s, stmt, 0, ret, err) : -1;
}

int sqlite_each_count(struct store *store, store_count_fn *fn, void *arg, struct sa_error *err)
{
	struct sqlite_store *s = SQL(store);
	struct sa_error ignored;
	int64_t is_stale;
	if (has_news(s, &is_stale, err) < 0)
		return -1;
	if (is_stale && sqlite_begin(s, &ignored) == 0 &&
	    sqlite_end(s, count_news(s, &ignored), &ignored) == 0)
		is_stale = false;
	/* One that cannot be written is counted whole. */
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    is_stale ? "SELECT session_id,seq>>40 AS k,count(*),max(seq)&1099511627775 FROM events"
		       " WHERE session_id IS NOT NULL GROUP BY session_id,k"
		     : "SELECT session_id,server_key,events,last_index FROM tallies"
		       " WHERE session_id<>''",
	    err);
	if (!stmt)
		return -1;
	int step, stop = 0;
	while (stop == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct span id = {(const char *)sqlite3_column_text(stmt, 0),
				  (size_t)sqlite3_column_bytes(stmt, 0)};
		stop = fn(id, sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2),
			  sqlite3_column_int64(stmt, 3), arg);
	}
	if (stop == 0 && step != SQLITE_DONE)
		stop = sqlite_fail(s, err, "read the store");
	sqlite3_reset(stmt);
	return stop;
}
