/* How many events each session has: as sqlite_count.c. */
#include "store/postgres.h"

int postgres_forget_counts(struct postgres_store *s, int64_t server_key, struct sa_error *err)
{
	char key[PG_NUMBER_BYTES];
	return postgres_run(s, "DELETE FROM tallies WHERE server_key=$1::bigint", 1,
			    (const char *[]){postgres_number(server_key, key)}, NULL, err);
}

/* Two who look at the same time must not count the same events. */
static int count_news(struct postgres_store *s, struct sa_error *err)
{
	if (pq_script(&s->conn, "LOCK TABLE tallies IN SHARE ROW EXCLUSIVE MODE", err) < 0)
		return -1;
	return postgres_run(
	    s,
	    "WITH w AS(SELECT v.key,v.last_index,coalesce(t.last_index,0) AS done"
	    "  FROM servers v LEFT JOIN tallies t ON t.server_key=v.key AND t.session_id=''"
	    "  WHERE v.last_index>coalesce(t.last_index,0)),"
	    " n AS(SELECT w.key,e.session_id,count(*) AS c,max(e.idx) AS m"
	    "  FROM w JOIN events e ON e.server_key=w.key AND e.idx>w.done AND e.idx<=w.last_index"
	    "  WHERE e.session_id IS NOT NULL AND e.session_id<>'' GROUP BY 1,2)"
	    " INSERT INTO tallies(server_key,session_id,events,last_index)"
	    " SELECT key,session_id,c,m FROM n UNION ALL SELECT key,'',0,last_index FROM w"
	    " ON CONFLICT(server_key,session_id) DO UPDATE SET"
	    " events=tallies.events+excluded.events,last_index=excluded.last_index",
	    0, NULL, NULL, err);
}

int postgres_each_count(struct store *store, store_count_fn *fn, void *arg, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_pq struct pq_result rows = {NULL, 0};
	if (postgres_run(s,
			 "SELECT 1 FROM servers v LEFT JOIN tallies t ON t.server_key=v.key AND"
			 " t.session_id='' WHERE v.last_index>coalesce(t.last_index,0) LIMIT 1",
			 0, NULL, &rows, err) < 0)
		return -1;
	if (rows.count &&
	    (postgres_begin(s, err) < 0 || postgres_end(s, count_news(s, err), err) < 0))
		return -1;
	pq_clear(&rows);
	if (postgres_run(s,
			 "SELECT session_id,server_key,events,last_index FROM tallies"
			 " WHERE session_id<>''",
			 0, NULL, &rows, err) < 0)
		return -1;
	int stop = 0;
	for (int i = 0; i < rows.count && stop == 0; i++)
		stop = fn(span_of(pq_text(&rows, i, 0)), pq_int(&rows, i, 1), pq_int(&rows, i, 2),
			  pq_int(&rows, i, 3), arg);
	return stop;
}
