#include "store/sqlite.h"

#include "base/buf.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL(s) ((struct sqlite_store *)(s))

int sqlite_end_walk(struct sqlite_store *s, sqlite3_stmt *stmt, int step, int stop,
		    struct sa_error *err)
{
	int rc = stop;
	if (stop == 0 && step != SQLITE_DONE && step != SQLITE_ROW)
		rc = sqlite_fail(s, err, "read the store");
	sqlite3_reset(stmt);
	return rc;
}

/* --- servers -------------------------------------------------------------- */

void sqlite_read_server(sqlite3_stmt *stmt, struct server *ret)
{
	ret->key = sqlite3_column_int64(stmt, 0);
	ret->id = sqlite_text(stmt, 1);
	ret->uid = sqlite_text(stmt, 2);
	ret->agent = sqlite_text(stmt, 3);
	ret->command_json = sqlite_text(stmt, 4);
	ret->cwd = sqlite_text(stmt, 5);
	ret->state = (enum server_state)sqlite3_column_int(stmt, 6);
	const char *boot_id = (const char *)sqlite3_column_text(stmt, 7);
	snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", boot_id ? boot_id : "");
	ret->supervisor.pid = sqlite3_column_int(stmt, 8);
	ret->supervisor.start = (uint64_t)sqlite3_column_int64(stmt, 9);
	ret->agent_process.pid = sqlite3_column_int(stmt, 10);
	ret->agent_process.start = (uint64_t)sqlite3_column_int64(stmt, 11);
	ret->socket_dir = sqlite_text(stmt, 12);
	ret->cgroup = sqlite_text(stmt, 13);
	ret->initialize_json = sqlite_text(stmt, 14);
	ret->end_reason = sqlite_text(stmt, 15);
	ret->created_ms = sqlite3_column_int64(stmt, 16);
	ret->updated_ms = sqlite3_column_int64(stmt, 17);
	ret->last_index = sqlite3_column_int64(stmt, 18);
	ret->last_stream_index = sqlite3_column_int64(stmt, 19);
	ret->credentials = sqlite_text(stmt, 20);
	ret->settings_json = sqlite_text(stmt, 21);
}

/* The one row of a bound statement. 0, or -1 with PROBLEM_NOT_FOUND for what. */
static int one_server(struct sqlite_store *s, sqlite3_stmt *stmt, const char *what,
		      struct server *ret, struct sa_error *err)
{
	int step = sqlite3_step(stmt);
	int rc = 0;
	if (step == SQLITE_ROW)
		sqlite_read_server(stmt, ret);
	else if (step == SQLITE_DONE)
		rc = error_set(err, PROBLEM_NOT_FOUND,
			       "no server '%s'; 'sa-session servers' lists them", what);
	else
		rc = sqlite_fail(s, err, "read the store");
	sqlite3_reset(stmt);
	return rc;
}

int sqlite_find_server(struct store *store, const char *id, struct server *ret,
		       struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    SQL(store),
	    "SELECT " SERVER_COLUMNS " FROM servers WHERE id=?1 ORDER BY state=2,key DESC LIMIT 1",
	    err);
	if (!stmt)
		return -1;
	sqlite_bind_string(stmt, 1, id);
	return one_server(SQL(store), stmt, id, ret, err);
}

int sqlite_get_server(struct store *store, int64_t key, struct server *ret, struct sa_error *err)
{
	char what[32];
	sqlite3_stmt *stmt =
	    sqlite_prepare(SQL(store), "SELECT " SERVER_COLUMNS " FROM servers WHERE key=?1", err);
	if (!stmt)
		return -1;
	snprintf(what, sizeof(what), "#%lld", (long long)key);
	sqlite3_bind_int64(stmt, 1, key);
	return one_server(SQL(store), stmt, what, ret, err);
}

int sqlite_find_server_by_uid(struct store *store, struct span uid, struct server *ret,
			      struct sa_error *err)
{
	char what[64];
	sqlite3_stmt *stmt =
	    sqlite_prepare(SQL(store), "SELECT " SERVER_COLUMNS " FROM servers WHERE uid=?1", err);
	if (!stmt)
		return -1;
	snprintf(what, sizeof(what), "%.*s", SPAN_ARG(uid));
	sqlite_bind_span(stmt, 1, uid);
	return one_server(SQL(store), stmt, what, ret, err);
}

int sqlite_each_server(struct store *store, bool is_all, store_server_fn *fn, void *arg,
		       struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    SQL(store), "SELECT " SERVER_COLUMNS " FROM servers WHERE state<>2 OR ?1 ORDER BY key",
	    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int(stmt, 1, is_all);
	int step, stop = 0;
	while (stop == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct server server = {.key = 0};
		sqlite_read_server(stmt, &server);
		stop = fn(&server, arg);
		server_clear(&server);
	}
	return sqlite_end_walk(SQL(store), stmt, step, stop, err);
}

/* --- sessions ------------------------------------------------------------- */

#define SESSION_COLUMNS                                                                           \
	"s.id,s.server_key,v.id,s.agent,s.agent_session_id,s.cwd,s.state,s.title,s.mode,s.model," \
	"s.end_reason,s.first_index,s.created_ms,s.updated_ms,s.modes,s.models,s.options,"        \
	"s.open_params,s.resumed_by,s.parent_id,s.parent_index"
#define SESSION_FROM " FROM sessions s JOIN servers v ON v.key=s.server_key "

static void read_session(sqlite3_stmt *stmt, struct session *ret)
{
	ret->id = sqlite_text(stmt, 0);
	ret->server_key = sqlite3_column_int64(stmt, 1);
	ret->server_id = sqlite_text(stmt, 2);
	ret->agent = sqlite_text(stmt, 3);
	ret->agent_session_id = sqlite_text(stmt, 4);
	ret->cwd = sqlite_text(stmt, 5);
	ret->state = (enum session_state)sqlite3_column_int(stmt, 6);
	ret->title = sqlite_text(stmt, 7);
	ret->mode = sqlite_text(stmt, 8);
	ret->model = sqlite_text(stmt, 9);
	ret->end_reason = sqlite_text(stmt, 10);
	ret->first_index = sqlite3_column_int64(stmt, 11);
	ret->created_ms = sqlite3_column_int64(stmt, 12);
	ret->updated_ms = sqlite3_column_int64(stmt, 13);
	ret->modes_json = sqlite_text(stmt, 14);
	ret->models_json = sqlite_text(stmt, 15);
	ret->options_json = sqlite_text(stmt, 16);
	ret->open_json = sqlite_text(stmt, 17);
	ret->resumed_by = sqlite_text(stmt, 18);
	ret->parent_id = sqlite_text(stmt, 19);
	ret->parent_index = sqlite3_column_int64(stmt, 20);
}

/* The least text that is greater than every text starting with prefix; owned. */
static char *prefix_end(const char *prefix)
{
	char *end = xstrdup(prefix);
	size_t n = strlen(end);
	while (n && (unsigned char)end[n - 1] == 0xff)
		end[--n] = '\0';
	if (n)
		end[n - 1]++;
	return end;
}

static sqlite3_stmt *session_statement(struct sqlite_store *s, const char *reference,
				       struct sa_error *err)
{
	if (strcmp(reference, "@last") == 0)
		return sqlite_prepare(s,
				      "SELECT " SESSION_COLUMNS SESSION_FROM
				      "ORDER BY s.created_ms DESC,s.rowid DESC LIMIT 1",
				      err);
	sqlite3_stmt *stmt =
	    sqlite_prepare(s,
			   "SELECT " SESSION_COLUMNS SESSION_FROM
			   "WHERE s.id=?1 OR (s.id>=?1 AND s.id<?2) ORDER BY s.id<>?1,s.id LIMIT 2",
			   err);
	if (!stmt)
		return NULL;
	char *end = prefix_end(reference);
	sqlite3_bind_text(stmt, 1, reference, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(stmt, 2, end, -1, SQLITE_TRANSIENT);
	free(end);
	return stmt;
}

int sqlite_find_session(struct store *store, const char *reference, struct session *ret,
			struct sa_error *err)
{
	sqlite3_stmt *stmt = session_statement(SQL(store), reference, err);
	if (!stmt)
		return -1;
	int rc = 0, step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		read_session(stmt, ret);
		bool is_exact = strcmp(ret->id, reference) == 0;
		step = is_exact ? SQLITE_DONE : sqlite3_step(stmt);
		if (step == SQLITE_ROW) {
			rc = error_set(
			    err, PROBLEM_INVALID_REQUEST,
			    "'%s' is the start of several session ids (%s, %s ...); give "
			    "more of it",
			    reference, ret->id, (const char *)sqlite3_column_text(stmt, 0));
			session_clear(ret);
		}
	} else if (step == SQLITE_DONE) {
		rc = error_set(err, PROBLEM_SESSION_NOT_FOUND,
			       "no session '%s'; 'sa-session list' shows what there is", reference);
	} else {
		rc = sqlite_fail(SQL(store), err, "read the store");
	}
	sqlite3_reset(stmt);
	return rc;
}

int sqlite_each_session(struct store *store, int64_t server_key, store_session_fn *fn, void *arg,
			struct sa_error *err)
{
	sqlite3_stmt *stmt =
	    sqlite_prepare(SQL(store),
			   "SELECT " SESSION_COLUMNS SESSION_FROM
			   "WHERE ?1=0 OR s.server_key=?1 ORDER BY s.created_ms,s.rowid",
			   err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, server_key);
	int step, stop = 0;
	while (stop == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct session session = {.id = NULL};
		read_session(stmt, &session);
		stop = fn(&session, arg);
		session_clear(&session);
	}
	return sqlite_end_walk(SQL(store), stmt, step, stop, err);
}

/* --- events --------------------------------------------------------------- */

static struct span column_span(sqlite3_stmt *stmt, int column)
{
	const void *p = sqlite3_column_blob(stmt, column);
	int n = sqlite3_column_bytes(stmt, column);
	if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
		return SPAN_NONE;
	return (struct span){p ? p : "", (size_t)n};
}

/* The three parameters that events_statement() binds. */
#define EVENTS_WANTED " FROM events WHERE seq>?1 AND seq<?2 AND (?3 IS NULL OR session_id=?3)"

/* A statement about events of a server behind number after, of one session (NULL: of all), with its
 * first three parameters bound. NULL with err. */
static sqlite3_stmt *events_statement(struct sqlite_store *s, const char *sql, int64_t server_key,
				      int64_t after, const char *session_id, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, sql, err);
	if (!stmt)
		return NULL;
	sqlite3_bind_int64(stmt, 1, event_rowid(server_key, after));
	sqlite3_bind_int64(stmt, 2, event_rowid(server_key + 1, 0));
	sqlite_bind_string(stmt, 3, session_id);
	return stmt;
}

int sqlite_each_event(struct store *store, const struct server *server, const char *session_id,
		      int64_t after, int64_t limit, store_event_fn *fn, void *arg,
		      struct sa_error *err)
{
	sqlite3_stmt *stmt = events_statement(
	    SQL(store),
	    "SELECT seq,stream,session_id,at_ms,sender,answers,payload,raw" EVENTS_WANTED
	    " ORDER BY seq LIMIT ?4",
	    server->key, after, session_id, err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 4, limit > 0 ? limit : -1);
	int step, stop = 0;
	while (stop == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct event event = {
		    .server_id = server->id,
		    .server_uid = server->uid,
		    .index = event_index_of_row(sqlite3_column_int64(stmt, 0)),
		    .stream_index = sqlite3_column_int64(stmt, 1),
		    .session_id = column_span(stmt, 2),
		    .at_ms = sqlite3_column_int64(stmt, 3),
		    .sender = (enum sender)sqlite3_column_int(stmt, 4),
		    .answers = column_span(stmt, 5),
		    .payload = column_span(stmt, 6),
		    .raw = column_span(stmt, 7),
		};
		stop = fn(&event, arg);
	}
	return sqlite_end_walk(SQL(store), stmt, step, stop, err);
}

int sqlite_integer(struct sqlite_store *s, sqlite3_stmt *stmt, int64_t fallback, int64_t *ret,
		   struct sa_error *err)
{
	int step = sqlite3_step(stmt);
	*ret = step == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : fallback;
	return sqlite_end_walk(s, stmt, step, 0, err);
}

int sqlite_count_events(struct store *store, const struct server *server, const char *session_id,
			int64_t *ret, int64_t *ret_last, struct sa_error *err)
{
	sqlite3_stmt *stmt =
	    events_statement(SQL(store), "SELECT count(*),coalesce(max(seq),0)" EVENTS_WANTED,
			     server->key, 0, session_id, err);
	if (!stmt)
		return -1;
	int step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		*ret = sqlite3_column_int64(stmt, 0);
		*ret_last = event_index_of_row(sqlite3_column_int64(stmt, 1));
	}
	return sqlite_end_walk(SQL(store), stmt, step, 0, err);
}

int sqlite_tail_index(struct store *store, const struct server *server, const char *session_id,
		      int64_t count, int64_t *ret_after, struct sa_error *err)
{
	sqlite3_stmt *stmt = events_statement(
	    SQL(store), "SELECT seq" EVENTS_WANTED " ORDER BY seq DESC LIMIT 1 OFFSET ?4",
	    server->key, 0, session_id, err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 4, count);
	int64_t seq;
	if (sqlite_integer(SQL(store), stmt, event_rowid(server->key, 0), &seq, err) < 0)
		return -1;
	*ret_after = event_index_of_row(seq);
	return 0;
}

int sqlite_index_of_stream(struct store *store, const struct server *server, int64_t stream_index,
			   int64_t *ret_index, struct sa_error *err)
{
	/* stream grows with seq, so a binary search over the numbers needs no index. */
	sqlite3_stmt *stmt = sqlite_prepare(
	    SQL(store),
	    "SELECT stream FROM events WHERE seq<=?1 AND seq>?2 ORDER BY seq DESC LIMIT 1", err);
	if (!stmt)
		return -1;
	int64_t low = 0, high = server->last_index; /* stream(low) <= wish < stream(high + 1) */
	while (low < high) {
		int64_t middle = low + (high - low + 1) / 2, stream;
		sqlite3_bind_int64(stmt, 1, event_rowid(server->key, middle));
		sqlite3_bind_int64(stmt, 2, event_rowid(server->key, 0));
		if (sqlite_integer(SQL(store), stmt, 0, &stream, err) < 0)
			return -1;
		if (stream <= stream_index)
			low = middle;
		else
			high = middle - 1;
	}
	*ret_index = low;
	return 0;
}

/* --- asks ----------------------------------------------------------------- */

int sqlite_each_ask(struct store *store, const char *session_id, bool is_all, store_ask_fn *fn,
		    void *arg, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    SQL(store),
	    "SELECT a.seq,a.session_id,a.method,a.rpc_id,a.state,a.answer,a.created_ms,"
	    "a.settled_ms,v.id,v.uid,v.agent,e.payload,a.settled_by,a.reason,a.deadline_ms"
	    " FROM asks a JOIN events e ON e.seq=a.seq JOIN servers v ON v.key=a.seq>>40"
	    " WHERE (?1 OR a.state=0) AND (?2 IS NULL OR a.session_id=?2) ORDER BY "
	    "a.created_ms,a.seq",
	    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int(stmt, 1, is_all);
	sqlite_bind_string(stmt, 2, session_id);
	int step, stop = 0;
	while (stop == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t seq = sqlite3_column_int64(stmt, 0);
		struct ask ask = {
		    .index = event_index_of_row(seq),
		    .session_id = sqlite_text(stmt, 1),
		    .method = sqlite_text(stmt, 2),
		    .rpc_id = sqlite_text(stmt, 3),
		    .state = (enum ask_state)sqlite3_column_int(stmt, 4),
		    .answer_json = sqlite_text(stmt, 5),
		    .created_ms = sqlite3_column_int64(stmt, 6),
		    .settled_ms = sqlite3_column_int64(stmt, 7),
		    .settled_by = sqlite_text(stmt, 12),
		    .reason = sqlite_text(stmt, 13),
		    .deadline_ms = sqlite3_column_int64(stmt, 14),
		};
		struct server server = {
		    .key = seq >> EVENT_INDEX_BITS,
		    .id = sqlite_text(stmt, 8),
		    .uid = sqlite_text(stmt, 9),
		    .agent = sqlite_text(stmt, 10),
		};
		stop = fn(&ask, &server, column_span(stmt, 11), arg);
		ask_clear(&ask);
		server_clear(&server);
	}
	return sqlite_end_walk(SQL(store), stmt, step, stop, err);
}
