#include "base/xalloc.h"
#include "store/postgres.h"

int postgres_describe(struct store *store, struct store_description *ret, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_pq struct pq_result rows = {NULL, 0};
	int64_t version;
	if (postgres_run(s,
			 "SELECT (SELECT count(*) FROM servers),(SELECT count(*) FROM sessions),"
			 "(SELECT count(*) FROM events),(SELECT count(*) FROM asks WHERE state=0),"
			 /* Live rows: a relation's files shrink with a vacuum only. */
			 "(SELECT coalesce(sum(pg_column_size(e.*)),0) FROM events e)",
			 0, NULL, &rows, err) < 0 ||
	    postgres_version(s, &version, err) < 0)
		return -1;
	*ret = (struct store_description){
	    .place = xasprintf("%s, schema %s", s->conn.place, s->schema),
	    .version = (int)version,
	    .servers = pq_int(&rows, 0, 0),
	    .sessions = pq_int(&rows, 0, 1),
	    .events = pq_int(&rows, 0, 2),
	    .open_asks = pq_int(&rows, 0, 3),
	    .bytes = pq_int(&rows, 0, 4),
	};
	return 0;
}

int postgres_vacuum(struct store *store, struct sa_error *err)
{
	static const char *const statements[] = {
	    "VACUUM (FULL, ANALYZE) events", "VACUUM (FULL, ANALYZE) asks",
	    "VACUUM (FULL, ANALYZE) sessions", "VACUUM (FULL, ANALYZE) servers"};
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (pq_script(&postgres_of(store)->conn, statements[i], err) < 0)
			return -1;
	return 0;
}

int postgres_check(struct store *store, store_fault_fn *fn, void *arg, struct sa_error *err)
{
	static const char *const looks[] = {
	    "SELECT 'server '||v.id||': event '||e.idx||' is beyond the last, '||v.last_index"
	    " FROM servers v JOIN events e ON e.server_key=v.key AND e.idx>v.last_index",
	    "SELECT 'server '||v.id||': '||(max(e.idx)-min(e.idx)+1-count(*))||' events are "
	    "missing'"
	    " FROM servers v JOIN events e ON e.server_key=v.key WHERE v.state=0"
	    " GROUP BY v.key HAVING max(e.idx)-min(e.idx)+1<>count(*)",
	};
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		cleanup_pq struct pq_result rows = {NULL, 0};
		if (postgres_run(postgres_of(store), looks[i], 0, NULL, &rows, err) < 0)
			return -1;
		for (int row = 0; row < rows.count; row++)
			fn(pq_text(&rows, row, 0), arg);
	}
	return 0;
}
