#include "store/sqlite.h"

#include "base/xalloc.h"

#include <stdio.h>

#define SQL(s) ((struct sqlite_store *)(s))

static int count(struct sqlite_store *s, const char *sql, int64_t *ret, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, sql, err);
	return stmt ? sqlite_integer(s, stmt, 0, ret, err) : -1;
}

int sqlite_describe(struct store *store, struct store_description *ret, struct sa_error *err)
{
	struct sqlite_store *s = SQL(store);
	struct store_description d = {.place = NULL};
	if (sqlite_version(s, &d.version, err) < 0 ||
	    count(s,
		  "SELECT (page_count-freelist_count)*page_size FROM pragma_page_count,"
		  "pragma_freelist_count,pragma_page_size",
		  &d.bytes, err) < 0 ||
	    count(s, "SELECT count(*) FROM servers", &d.servers, err) < 0 ||
	    count(s, "SELECT count(*) FROM sessions", &d.sessions, err) < 0 ||
	    count(s, "SELECT count(*) FROM events", &d.events, err) < 0 ||
	    count(s, "SELECT count(*) FROM asks WHERE state=0", &d.open_asks, err) < 0)
		return -1;
	d.place = xasprintf("sqlite:%s", s->path);
	*ret = d;
	return 0;
}

int sqlite_vacuum(struct store *store, struct sa_error *err)
{
	/* The log is emptied too, or the file on disk would not shrink. */
	return sqlite_exec(SQL(store), "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", err);
}

/* Rows of one text column are faults. */
static int tell_rows(struct sqlite_store *s, const char *sql, store_fault_fn *fn, void *arg,
		     struct sa_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int step = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
	if (step == SQLITE_OK)
		while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
			fn((const char *)sqlite3_column_text(stmt, 0), arg);
	int rc = step == SQLITE_DONE ? 0 : sqlite_fail(s, err, "check the store");
	sqlite3_finalize(stmt);
	return rc;
}

int sqlite_check(struct store *store, store_fault_fn *fn, void *arg, struct sa_error *err)
{
	static const char *const looks[] = {
	    "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check<>'ok'",
	    "SELECT 'a row of '||\"table\"||' belongs to nothing in '||parent FROM "
	    "pragma_foreign_key_check",
	    "SELECT 'server '||v.id||': event '||(e.seq&1099511627775)||' is beyond the last, '||"
	    "v.last_index FROM servers v JOIN events e ON e.seq>(v.key<<40)+v.last_index AND "
	    "e.seq<(v.key+1)<<40",
	    /* Whole sessions may be gone, but what is left of one that is alone has no holes. */
	    "SELECT 'server '||v.id||': '||(v.last_index-count(e.seq))||' events are missing'"
	    " FROM servers v LEFT JOIN events e ON e.seq>v.key<<40 AND e.seq<(v.key+1)<<40"
	    " WHERE v.state=0 GROUP BY v.key HAVING count(e.seq)>0 AND"
	    " max(e.seq)-min(e.seq)+1<>count(e.seq)",
	};
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (tell_rows(SQL(store), looks[i], fn, arg, err) < 0)
			return -1;
	return 0;
}
