#include "store/postgres.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text(const struct pq_result *rows, int row, int column)
{
	return xstrdup(pq_text(rows, row, column));
}

/* --- servers ------------------------------------------------------------------------ */

void postgres_read_server(const struct postgres_store *s, const struct pq_result *rows, int row,
			  struct server *ret)
{
	const char *boot_id = pq_text(rows, row, 7);
	*ret = (struct server){
	    .key = pq_int(rows, row, 0),
	    .id = text(rows, row, 1),
	    .uid = text(rows, row, 2),
	    .agent = text(rows, row, 3),
	    .command_json = text(rows, row, 4),
	    .cwd = text(rows, row, 5),
	    .state = (enum server_state)pq_int(rows, row, 6),
	    .supervisor = {(pid_t)pq_int(rows, row, 8), (uint64_t)pq_int(rows, row, 9)},
	    .agent_process = {(pid_t)pq_int(rows, row, 10), (uint64_t)pq_int(rows, row, 11)},
	    .socket_dir = text(rows, row, 12),
	    .cgroup = text(rows, row, 13),
	    .initialize_json = text(rows, row, 14),
	    .end_reason = text(rows, row, 15),
	    .created_ms = pq_int(rows, row, 16),
	    .updated_ms = pq_int(rows, row, 17),
	    .last_index = pq_int(rows, row, 18),
	    .last_stream_index = pq_int(rows, row, 19),
	    .host = text(rows, row, 20),
	    .is_seen = pq_int(rows, row, 21) < PG_SEEN_MS,
	    .credentials = text(rows, row, 22),
	    .settings_json = text(rows, row, 23),
	};
	snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", boot_id ? boot_id : "");
	ret->is_elsewhere = ret->host && strcmp(ret->host, s->host) != 0;
	/* What waits on this machine is newer than what the database has. */
	struct store *spool = ret->is_elsewhere ? NULL : postgres_open_spool(s, ret->uid);
	cleanup_server struct server waiting = {.key = 0};
	struct sa_error ignored;
	if (spool && store_find_server_by_uid(spool, span_of(ret->uid), &waiting, &ignored) == 0 &&
	    waiting.last_index > ret->last_index) {
		ret->last_index = waiting.last_index;
		ret->last_stream_index = waiting.last_stream_index;
		ret->agent_process = waiting.agent_process;
	}
	store_close(spool);
}

static int one_server(struct postgres_store *s, const struct pq_result *rows, const char *what,
		      struct server *ret, struct sa_error *err)
{
	if (rows->count == 0)
		return error_set(err, PROBLEM_NOT_FOUND,
				 "no server '%s'; 'sa-session servers' lists them", what);
	postgres_read_server(s, rows, 0, ret);
	return 0;
}

int postgres_find_server(struct store *store, const char *id, struct server *ret,
			 struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_pq struct pq_result rows = {NULL, 0};
	if (postgres_run(s,
			 "SELECT " PG_SERVER_COLUMNS " FROM servers WHERE id=$1::text"
			 " ORDER BY state=2,key DESC LIMIT 1",
			 1, (const char *[]){id}, &rows, err) < 0)
		return -1;
	return one_server(s, &rows, id, ret, err);
}

int postgres_get_server(struct store *store, int64_t key, struct server *ret, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_pq struct pq_result rows = {NULL, 0};
	char number[PG_NUMBER_BYTES];
	postgres_number(key, number);
	if (postgres_run(s, "SELECT " PG_SERVER_COLUMNS " FROM servers WHERE key=$1::bigint", 1,
			 (const char *[]){number}, &rows, err) < 0)
		return -1;
	return one_server(s, &rows, number, ret, err);
}

int postgres_find_server_by_uid(struct store *store, struct span uid, struct server *ret,
				struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_pq struct pq_result rows = {NULL, 0};
	cleanup_free char *name = xmemdup0(uid.p, uid.n);
	if (postgres_run(s, "SELECT " PG_SERVER_COLUMNS " FROM servers WHERE uid=$1::text", 1,
			 (const char *[]){name}, &rows, err) < 0)
		return -1;
	return one_server(s, &rows, name, ret, err);
}

int postgres_each_server(struct store *store, bool is_all, store_server_fn *fn, void *arg,
			 struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_pq struct pq_result rows = {NULL, 0};
	if (postgres_run(s,
			 "SELECT " PG_SERVER_COLUMNS " FROM servers WHERE state<>2 OR $1::bool"
			 " ORDER BY key",
			 1, (const char *[]){is_all ? "t" : "f"}, &rows, err) < 0)
		return -1;
	int stop = 0;
	for (int i = 0; i < rows.count && stop == 0; i++) {
		cleanup_server struct server server = {.key = 0};
		postgres_read_server(s, &rows, i, &server);
		stop = fn(&server, arg);
	}
	return stop;
}

/* --- sessions ----------------------------------------------------------------------- */

#define SESSION_COLUMNS                                                                           \
	"s.id,s.server_key,v.id,s.agent,s.agent_session_id,s.cwd,s.state,s.title,s.mode,s.model," \
	"s.end_reason,s.first_index,s.created_ms,s.updated_ms,s.modes,s.models,s.options,"        \
	"s.open_params,s.resumed_by,s.parent_id,s.parent_index"
#define SESSION_FROM " FROM sessions s JOIN servers v ON v.key=s.server_key "

static void read_session(const struct pq_result *rows, int row, struct session *ret)
{
	*ret = (struct session){
	    .id = text(rows, row, 0),
	    .server_key = pq_int(rows, row, 1),
	    .server_id = text(rows, row, 2),
	    .agent = text(rows, row, 3),
	    .agent_session_id = text(rows, row, 4),
	    .cwd = text(rows, row, 5),
	    .state = (enum session_state)pq_int(rows, row, 6),
	    .title = text(rows, row, 7),
	    .mode = text(rows, row, 8),
	    .model = text(rows, row, 9),
	    .end_reason = text(rows, row, 10),
	    .first_index = pq_int(rows, row, 11),
	    .created_ms = pq_int(rows, row, 12),
	    .updated_ms = pq_int(rows, row, 13),
	    .modes_json = text(rows, row, 14),
	    .models_json = text(rows, row, 15),
	    .options_json = text(rows, row, 16),
	    .open_json = text(rows, row, 17),
	    .resumed_by = text(rows, row, 18),
	    .parent_id = text(rows, row, 19),
	    .parent_index = pq_int(rows, row, 20),
	};
}

static int query_session(struct postgres_store *s, const char *reference, struct pq_result *rows,
			 struct sa_error *err)
{
	if (strcmp(reference, "@last") == 0)
		return postgres_run(s,
				    "SELECT " SESSION_COLUMNS SESSION_FROM
				    "ORDER BY s.created_ms DESC,s.row DESC LIMIT 1",
				    0, NULL, rows, err);
	return postgres_run(s,
			    "SELECT " SESSION_COLUMNS SESSION_FROM
			    "WHERE starts_with(s.id,$1::text) AND s.id>=$1::text"
			    " ORDER BY s.id<>$1::text,s.id LIMIT 2",
			    1, &reference, rows, err);
}

int postgres_find_session(struct store *store, const char *reference, struct session *ret,
			  struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	if (query_session(postgres_of(store), reference, &rows, err) < 0)
		return -1;
	if (rows.count == 0)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND,
				 "no session '%s'; 'sa-session list' shows what there is",
				 reference);
	bool is_exact = strcmp(pq_text(&rows, 0, 0), reference) == 0;
	if (rows.count > 1 && !is_exact)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "'%s' is the start of several session ids (%s, %s ...); give "
				 "more of it",
				 reference, pq_text(&rows, 0, 0), pq_text(&rows, 1, 0));
	read_session(&rows, 0, ret);
	return 0;
}

int postgres_each_session(struct store *store, int64_t server_key, store_session_fn *fn, void *arg,
			  struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	char number[PG_NUMBER_BYTES];
	if (postgres_run(
		postgres_of(store),
		"SELECT " SESSION_COLUMNS SESSION_FROM
		"WHERE $1::bigint=0 OR s.server_key=$1::bigint ORDER BY s.created_ms,s.row",
		1, (const char *[]){postgres_number(server_key, number)}, &rows, err) < 0)
		return -1;
	int stop = 0;
	for (int i = 0; i < rows.count && stop == 0; i++) {
		cleanup_session struct session session = {.id = NULL};
		read_session(&rows, i, &session);
		stop = fn(&session, arg);
	}
	return stop;
}

/* --- events ------------------------------------------------------------------------- */

/* What a walk through events is about. */
struct walk {
	const struct server *server;
	const char *session_id;
	int64_t after;
	int64_t left; /* events that may still be shown; negative: no limit */
	store_event_fn *fn;
	void *arg;
};

static int show_rows(struct walk *walk, const struct pq_result *rows)
{
	cleanup_buf struct buf raw = BUF_INIT(BUF_MAX_OWN);
	int stop = 0;
	for (int i = 0; i < rows->count && stop == 0; i++) {
		struct event event = {
		    .server_id = walk->server->id,
		    .server_uid = walk->server->uid,
		    .index = pq_int(rows, i, 0),
		    .stream_index = pq_int(rows, i, 1),
		    .session_id = pq_span(rows, i, 2),
		    .at_ms = pq_int(rows, i, 3),
		    .sender = (enum sender)pq_int(rows, i, 4),
		    .answers = pq_span(rows, i, 5),
		    .payload = pq_span(rows, i, 6),
		};
		buf_clear(&raw);
		if (pq_span(rows, i, 7).p && pq_bytes_add(&raw, pq_span(rows, i, 7)) == 0)
			event.raw = buf_span(&raw);
		walk->after = event.index;
		if (walk->left > 0)
			walk->left--;
		stop = walk->fn(&event, walk->arg);
	}
	return stop;
}

static int show_page(struct postgres_store *s, struct walk *walk, int *ret_count,
		     struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	char key[PG_NUMBER_BYTES], after[PG_NUMBER_BYTES], limit[PG_NUMBER_BYTES];
	int64_t most = walk->left >= 0 && walk->left < PG_PAGE_EVENTS ? walk->left : PG_PAGE_EVENTS;
	const char *params[] = {postgres_number(walk->server->key, key),
				postgres_number(walk->after, after), walk->session_id,
				postgres_number(most, limit)};
	if (postgres_run(s,
			 "SELECT idx,stream,session_id,at_ms,sender,answers,payload,raw FROM events"
			 " WHERE server_key=$1::bigint AND idx>$2::bigint"
			 " AND ($3::text IS NULL OR session_id=$3::text)"
			 " ORDER BY idx LIMIT $4::bigint",
			 4, params, &rows, err) < 0)
		return -1;
	*ret_count = rows.count;
	return show_rows(walk, &rows);
}

/* A walk's visitor in the spool, whose rows have the database's place in the story. */
static int show_spooled(const struct event *event, void *arg)
{
	struct walk *walk = arg;
	return walk->fn(event, walk->arg);
}

static int show_spool(struct postgres_store *s, struct walk *walk, struct sa_error *err)
{
	cleanup_server struct server waiting = {.key = 0};
	cleanup_store struct store *spool = postgres_open_spool(s, walk->server->uid);
	struct sa_error ignored;
	if (!spool ||
	    store_find_server_by_uid(spool, span_of(walk->server->uid), &waiting, &ignored) < 0)
		return 0;
	return store_each_event(spool, &waiting, walk->session_id, walk->after,
				walk->left > 0 ? walk->left : 0, show_spooled, walk, err);
}

int postgres_each_event(struct store *store, const struct server *server, const char *session_id,
			int64_t after, int64_t limit, store_event_fn *fn, void *arg,
			struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	struct walk walk = {server, session_id, after, limit > 0 ? limit : -1, fn, arg};
	int count = PG_PAGE_EVENTS, stop = 0;
	while (stop == 0 && count == PG_PAGE_EVENTS && walk.left != 0)
		stop = show_page(s, &walk, &count, err);
	if (stop == 0 && walk.left != 0 && !server->is_elsewhere)
		stop = show_spool(s, &walk, err);
	return stop;
}

int postgres_count_events(struct store *store, const struct server *server, const char *session_id,
			  int64_t *ret, int64_t *ret_last, struct sa_error *err)
{
	char number[PG_NUMBER_BYTES];
	cleanup_pq struct pq_result rows = {NULL, 0};
	if (postgres_run(postgres_of(store),
			 "SELECT count(*),max(idx) FROM events WHERE server_key=$1::bigint AND "
			 "($2::text IS NULL OR session_id=$2::text)",
			 2, (const char *[]){postgres_number(server->key, number), session_id},
			 &rows, err) < 0)
		return -1;
	*ret = pq_int(&rows, 0, 0);
	*ret_last = pq_int(&rows, 0, 1);
	return 0;
}

int postgres_tail_index(struct store *store, const struct server *server, const char *session_id,
			int64_t count, int64_t *ret_after, struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	char key[PG_NUMBER_BYTES], skip[PG_NUMBER_BYTES];
	const char *params[] = {postgres_number(server->key, key), session_id,
				postgres_number(count, skip)};
	if (postgres_run(postgres_of(store),
			 "SELECT idx FROM events WHERE server_key=$1::bigint"
			 " AND ($2::text IS NULL OR session_id=$2::text)"
			 " ORDER BY idx DESC OFFSET $3::bigint LIMIT 1",
			 3, params, &rows, err) < 0)
		return -1;
	*ret_after = rows.count ? pq_int(&rows, 0, 0) : 0;
	return 0;
}

int postgres_index_of_stream(struct store *store, const struct server *server, int64_t stream_index,
			     int64_t *ret_index, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	char key[PG_NUMBER_BYTES], index[PG_NUMBER_BYTES];
	int64_t low = 0, high = server->last_index; /* stream(low) <= wish < stream(high + 1) */
	while (low < high) {
		cleanup_pq struct pq_result rows = {NULL, 0};
		int64_t middle = low + (high - low + 1) / 2;
		const char *params[] = {postgres_number(server->key, key),
					postgres_number(middle, index)};
		if (postgres_run(s,
				 "SELECT stream FROM events WHERE server_key=$1::bigint"
				 " AND idx<=$2::bigint ORDER BY idx DESC LIMIT 1",
				 2, params, &rows, err) < 0)
			return -1;
		if ((rows.count ? pq_int(&rows, 0, 0) : 0) <= stream_index)
			low = middle;
		else
			high = middle - 1;
	}
	*ret_index = low;
	return 0;
}

/* --- asks --------------------------------------------------------------------------- */

int postgres_each_ask(struct store *store, const char *session_id, bool is_all, store_ask_fn *fn,
		      void *arg, struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	const char *params[] = {is_all ? "t" : "f", session_id};
	if (postgres_run(
		postgres_of(store),
		"SELECT a.idx,a.session_id,a.method,a.rpc_id,a.state,a.answer,a.created_ms,"
		"a.settled_ms,v.key,v.id,v.uid,v.agent,e.payload,a.settled_by,a.reason,"
		"a.deadline_ms FROM asks a"
		" JOIN events e ON e.server_key=a.server_key AND e.idx=a.idx"
		" JOIN servers v ON v.key=a.server_key WHERE ($1::bool OR a.state=0)"
		" AND ($2::text IS NULL OR a.session_id=$2::text)"
		" ORDER BY a.created_ms,v.key,a.idx",
		2, params, &rows, err) < 0)
		return -1;
	int stop = 0;
	for (int i = 0; i < rows.count && stop == 0; i++) {
		struct ask ask = {
		    .index = pq_int(&rows, i, 0),
		    .session_id = text(&rows, i, 1),
		    .method = text(&rows, i, 2),
		    .rpc_id = text(&rows, i, 3),
		    .state = (enum ask_state)pq_int(&rows, i, 4),
		    .answer_json = text(&rows, i, 5),
		    .created_ms = pq_int(&rows, i, 6),
		    .settled_ms = pq_int(&rows, i, 7),
		    .settled_by = text(&rows, i, 13),
		    .reason = text(&rows, i, 14),
		    .deadline_ms = pq_int(&rows, i, 15),
		};
		cleanup_server struct server server = {
		    .key = pq_int(&rows, i, 8),
		    .id = text(&rows, i, 9),
		    .uid = text(&rows, i, 10),
		    .agent = text(&rows, i, 11),
		};
		stop = fn(&ask, &server, pq_span(&rows, i, 12), arg);
		ask_clear(&ask);
	}
	return stop;
}

/* --- queued prompts ------------------------------------------------------------------ */

int postgres_each_prompt(struct store *store, int64_t server_key, store_prompt_fn *fn, void *arg,
			 struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	char number[PG_NUMBER_BYTES];
	if (postgres_run(postgres_of(store),
			 "SELECT number,session_id,payload,created_ms FROM prompts"
			 " WHERE server_key=$1::bigint ORDER BY number",
			 1, (const char *[]){postgres_number(server_key, number)}, &rows, err) < 0)
		return -1;
	int stop = 0;
	for (int i = 0; i < rows.count && stop == 0; i++) {
		struct prompt prompt = {
		    .number = pq_int(&rows, i, 0),
		    .session_id = text(&rows, i, 1),
		    .payload = text(&rows, i, 2),
		    .created_ms = pq_int(&rows, i, 3),
		};
		stop = fn(&prompt, arg);
		prompt_clear(&prompt);
	}
	return stop;
}
