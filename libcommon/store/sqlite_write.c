#include "store/sqlite.h"

#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "store/alive.h"

#include <stdlib.h>
#include <string.h>

enum { SERVER_UID_LENGTH = 12 };

#define SQL(s) ((struct sqlite_store *)(s))

/* --- claiming ------------------------------------------------------------- */

static int insert_server(struct sqlite_store *s, struct server *server, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "INSERT INTO servers(id,uid,agent,command,cwd,state,created_ms,updated_ms)"
	    " VALUES(?1,?2,?3,?4,?5,?7,?6,?6)",
	    err);
	if (!stmt)
		return -1;
	sqlite_bind_string(stmt, 1, server->id);
	sqlite_bind_string(stmt, 2, server->uid);
	sqlite_bind_string(stmt, 3, server->agent);
	sqlite_bind_string(stmt, 4, server->command_json);
	sqlite_bind_string(stmt, 5, server->cwd);
	sqlite3_bind_int64(stmt, 6, server->created_ms);
	sqlite3_bind_int(stmt, 7, (int)server->state);
	if (sqlite_run(s, stmt, err) < 0)
		return -1;
	server->key = sqlite3_last_insert_rowid(s->db);
	return 0;
}

static int insert_new_server(struct sqlite_store *s, struct server *server, struct sa_error *err)
{
	server->uid = ident_random(SERVER_UID_LENGTH);
	server->created_ms = clock_now_ms();
	return insert_server(s, server, err);
}

/* SQLite writes an index anew whenever a column of it is named, changed or not: a page of the log
 * each time. So what indexes hold has statements of its own, which mostly find nothing to do. */
static int change_if_other(struct sqlite_store *s, const char *sql, int64_t key, const char *id,
			   int64_t value, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, sql, err);
	if (!stmt)
		return -1;
	if (id)
		sqlite_bind_string(stmt, 1, id);
	else
		sqlite3_bind_int64(stmt, 1, key);
	sqlite3_bind_int64(stmt, 2, value);
	return sqlite_run(s, stmt, err);
}

static int update_server(struct sqlite_store *s, const struct server *server, int64_t updated_ms,
			 struct sa_error *err)
{
	if (change_if_other(s, "UPDATE servers SET state=?2 WHERE key=?1 AND state<>?2",
			    server->key, NULL, (int64_t)server->state, err) < 0)
		return -1;
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "UPDATE servers SET command=?2,cwd=?3,boot_id=?5,supervisor_pid=?6,"
	    "supervisor_start=?7,agent_pid=?8,agent_start=?9,socket_dir=?10,cgroup=?11,"
	    "initialize=?12,end_reason=?13,updated_ms=?14,last_index=?15,last_stream_index=?16,"
	    "credentials=?17,settings=?18"
	    " WHERE key=?1",
	    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, server->key);
	sqlite_bind_string(stmt, 2, server->command_json);
	sqlite_bind_string(stmt, 3, server->cwd);
	sqlite_bind_string(stmt, 5, server->boot_id);
	sqlite3_bind_int64(stmt, 6, server->supervisor.pid);
	sqlite3_bind_int64(stmt, 7, (int64_t)server->supervisor.start);
	sqlite3_bind_int64(stmt, 8, server->agent_process.pid);
	sqlite3_bind_int64(stmt, 9, (int64_t)server->agent_process.start);
	sqlite_bind_string(stmt, 10, server->socket_dir);
	sqlite_bind_string(stmt, 11, server->cgroup);
	sqlite_bind_string(stmt, 12, server->initialize_json);
	sqlite_bind_string(stmt, 13, server->end_reason);
	sqlite3_bind_int64(stmt, 14, updated_ms);
	sqlite3_bind_int64(stmt, 15, server->last_index);
	sqlite3_bind_int64(stmt, 16, server->last_stream_index);
	sqlite_bind_string(stmt, 17, server->credentials);
	sqlite_bind_string(stmt, 18, server->settings_json);
	return sqlite_run(s, stmt, err);
}

/* What an earlier supervisor left unsettled. Inside a transaction. */
static int settle_dead(struct sqlite_store *s, int64_t key, const char *reason,
		       struct sa_error *err)
{
	int64_t now = clock_now_ms();
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "UPDATE sessions SET state=5,end_reason=?3,updated_ms=?2 WHERE server_key=?1 AND "
	    "state<4",
	    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, key);
	sqlite3_bind_int64(stmt, 2, now);
	sqlite_bind_string(stmt, 3, reason);
	if (sqlite_run(s, stmt, err) < 0)
		return -1;
	stmt = sqlite_prepare(
	    s, "UPDATE asks SET state=3,settled_ms=?3 WHERE state=0 AND seq>?1 AND seq<?2", err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, event_rowid(key, 0));
	sqlite3_bind_int64(stmt, 2, event_rowid(key + 1, 0));
	sqlite3_bind_int64(stmt, 3, now);
	return sqlite_run(s, stmt, err);
}

/* Continue the open row in old: keep its identity and numbers. */
static int take_over(struct sqlite_store *s, struct server *server, struct server *old,
		     struct sa_error *err)
{
	if (server->uid && strcmp(server->uid, old->uid) != 0)
		return error_set(err, PROBLEM_CONFLICT,
				 "server id '%s' belongs to a newer server by now", server->id);
	if (old->state == SERVER_RUNNING && server_is_alive(old))
		return error_set(err, PROBLEM_CONFLICT, "server '%s' is running already (pid %d)",
				 server->id, (int)old->supervisor.pid);
	if (strcmp(old->agent, server->agent) != 0)
		return error_set(err, PROBLEM_CONFLICT, "server '%s' runs agent '%s', not '%s'",
				 server->id, old->agent, server->agent);
	if (!server->credentials)
		server->credentials = xstrdup(old->credentials);
	server->key = old->key;
	server->created_ms = old->created_ms;
	server->last_index = old->last_index;
	server->last_stream_index = old->last_stream_index;
	char *uid = old->uid;
	old->uid = NULL;
	free(server->uid);
	server->uid = uid;
	return old->state == SERVER_RUNNING
		   ? settle_dead(s, old->key, "the supervisor ended without a word", err)
		   : 0;
}

/* The row to continue: the open one of this id, or the one with this uid. */
static sqlite3_stmt *claim_statement(struct sqlite_store *s, const struct server *server,
				     struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s,
					    "SELECT " SERVER_COLUMNS
					    " FROM servers WHERE id=?1 AND (state<>2 OR uid=?2)"
					    " ORDER BY state=2",
					    err);
	if (!stmt)
		return NULL;
	sqlite_bind_string(stmt, 1, server->id);
	sqlite_bind_string(stmt, 2, server->uid);
	return stmt;
}

static int claim(struct sqlite_store *s, struct server *server, struct sa_error *err)
{
	sqlite3_stmt *stmt = claim_statement(s, server, err);
	if (!stmt)
		return -1;
	int rc, step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		struct server old = {.key = 0};
		sqlite_read_server(stmt, &old);
		sqlite3_reset(stmt);
		rc = take_over(s, server, &old, err);
		server_clear(&old);
	} else {
		rc = step != SQLITE_DONE ? sqlite_fail(s, err, "read the store")
		     : server->uid
			 ? error_set(err, PROBLEM_NOT_FOUND, "no server '%s' with uid '%s'",
				     server->id, server->uid)
			 : insert_new_server(s, server, err);
		sqlite3_reset(stmt);
	}
	server->state = SERVER_RUNNING;
	return rc < 0 ? -1 : update_server(s, server, clock_now_ms(), err);
}

int sqlite_claim_server(struct store *store, struct server *server, struct sa_error *err)
{
	if (sqlite_begin(SQL(store), err) < 0)
		return -1;
	return sqlite_end(SQL(store), claim(SQL(store), server, err), err);
}

/* --- committing ----------------------------------------------------------- */

#define EVENT_VALUES                                                           \
	" INTO events(seq,stream,session_id,at_ms,sender,answers,payload,raw)" \
	" VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"

/* sql: INSERT or INSERT OR IGNORE with EVENT_VALUES. */
static int insert_events(struct sqlite_store *s, const char *sql, int64_t server_key,
			 const struct store_batch *batch, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, sql, err);
	if (!stmt)
		return -1;
	for (size_t i = 0; i < batch->event_count; i++) {
		const struct event *e = &batch->events[i];
		sqlite3_bind_int64(stmt, 1, event_rowid(server_key, e->index));
		sqlite3_bind_int64(stmt, 2, e->stream_index);
		sqlite_bind_span(stmt, 3, e->session_id);
		sqlite3_bind_int64(stmt, 4, e->at_ms);
		sqlite3_bind_int(stmt, 5, (int)e->sender);
		sqlite_bind_span(stmt, 6, e->answers);
		sqlite_bind_span(stmt, 7, e->payload);
		if (e->raw.p)
			sqlite3_bind_blob64(stmt, 8, e->raw.p, e->raw.n, SQLITE_STATIC);
		else
			sqlite3_bind_null(stmt, 8);
		if (sqlite_run(s, stmt, err) < 0)
			return -1;
	}
	/* Borrowed bytes end with this call. */
	sqlite3_clear_bindings(stmt);
	return 0;
}

static int put_session(struct sqlite_store *s, const struct session *session, struct sa_error *err)
{
	if (change_if_other(s, "UPDATE sessions SET server_key=?2 WHERE id=?1 AND server_key<>?2",
			    0, session->id, session->server_key, err) < 0)
		return -1;
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "INSERT INTO sessions(id,server_key,agent,agent_session_id,cwd,state,title,mode,model,"
	    "end_reason,first_index,created_ms,updated_ms,modes,models,options,open_params,"
	    "resumed_by,parent_id,parent_index)"
	    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)"
	    " ON CONFLICT(id) DO UPDATE SET agent=?3,agent_session_id=?4,"
	    "cwd=coalesce(?5,cwd),state=?6,title=?7,"
	    "mode=?8,model=?9,end_reason=?10,updated_ms=?13,modes=coalesce(?14,modes),"
	    "models=coalesce(?15,models),options=coalesce(?16,options),"
	    "open_params=coalesce(?17,open_params),resumed_by=?18,parent_id=?19,"
	    "parent_index=?20",
	    err);
	if (!stmt)
		return -1;
	sqlite_bind_string(stmt, 1, session->id);
	sqlite3_bind_int64(stmt, 2, session->server_key);
	sqlite_bind_string(stmt, 3, session->agent);
	sqlite_bind_string(stmt, 4, session->agent_session_id);
	sqlite_bind_string(stmt, 5, session->cwd);
	sqlite3_bind_int(stmt, 6, (int)session->state);
	sqlite_bind_string(stmt, 7, session->title);
	sqlite_bind_string(stmt, 8, session->mode);
	sqlite_bind_string(stmt, 9, session->model);
	sqlite_bind_string(stmt, 10, session->end_reason);
	sqlite3_bind_int64(stmt, 11, session->first_index);
	sqlite3_bind_int64(stmt, 12, session->created_ms);
	sqlite3_bind_int64(stmt, 13, session->updated_ms);
	sqlite_bind_string(stmt, 14, session->modes_json);
	sqlite_bind_string(stmt, 15, session->models_json);
	sqlite_bind_string(stmt, 16, session->options_json);
	sqlite_bind_string(stmt, 17, session->open_json);
	sqlite_bind_string(stmt, 18, session->resumed_by);
	sqlite_bind_string(stmt, 19, session->parent_id);
	sqlite3_bind_int64(stmt, 20, session->parent_index);
	return sqlite_run(s, stmt, err);
}

static int put_ask(struct sqlite_store *s, int64_t server_key, const struct ask *ask,
		   struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "INSERT INTO asks(seq,session_id,method,rpc_id,state,answer,created_ms,settled_ms,"
	    "settled_by,reason,deadline_ms) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
	    " ON CONFLICT(seq) DO UPDATE SET state=?5,answer=?6,settled_ms=?8,settled_by=?9,"
	    "reason=?10,deadline_ms=?11",
	    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, event_rowid(server_key, ask->index));
	sqlite_bind_string(stmt, 2, ask->session_id);
	sqlite_bind_string(stmt, 3, ask->method);
	sqlite_bind_string(stmt, 4, ask->rpc_id);
	sqlite3_bind_int(stmt, 5, (int)ask->state);
	sqlite_bind_string(stmt, 6, ask->answer_json);
	sqlite3_bind_int64(stmt, 7, ask->created_ms);
	sqlite3_bind_int64(stmt, 8, ask->settled_ms);
	sqlite_bind_string(stmt, 9, ask->settled_by);
	sqlite_bind_string(stmt, 10, ask->reason);
	sqlite3_bind_int64(stmt, 11, ask->deadline_ms);
	return sqlite_run(s, stmt, err);
}

static int write_batch(struct sqlite_store *s, const struct store_batch *batch,
		       struct sa_error *err)
{
	if (insert_events(s, "INSERT" EVENT_VALUES, batch->server->key, batch, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->session_count; i++)
		if (put_session(s, batch->sessions[i], err) < 0)
			return -1;
	for (size_t i = 0; i < batch->ask_count; i++)
		if (put_ask(s, batch->server->key, batch->asks[i], err) < 0)
			return -1;
	if (sqlite_write_prompts(s, batch, err) < 0)
		return -1;
	return update_server(s, batch->server, clock_now_ms(), err);
}

int sqlite_commit(struct store *store, const struct store_batch *batch, struct sa_error *err)
{
	if (sqlite_begin(SQL(store), err) < 0)
		return -1;
	return sqlite_end(SQL(store), write_batch(SQL(store), batch, err), err);
}

/* --- importing ------------------------------------------------------------ */

static int find_or_insert(struct sqlite_store *s, struct server *server, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    s, "SELECT key,last_index,last_stream_index FROM servers WHERE uid=?1", err);
	if (!stmt)
		return -1;
	sqlite_bind_string(stmt, 1, server->uid);
	int step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		int64_t last = sqlite3_column_int64(stmt, 1);
		int64_t last_stream = sqlite3_column_int64(stmt, 2);
		server->key = sqlite3_column_int64(stmt, 0);
		server->last_index = last > server->last_index ? last : server->last_index;
		if (last_stream > server->last_stream_index)
			server->last_stream_index = last_stream;
	}
	sqlite3_reset(stmt);
	if (step == SQLITE_ROW)
		return 0;
	return step == SQLITE_DONE ? insert_server(s, server, err)
				   : sqlite_fail(s, err, "read the store");
}

static int import(struct sqlite_store *s, const struct store_batch *batch, int64_t *ret_key,
		  struct sa_error *err)
{
	struct server server = *batch->server; /* borrows its strings */
	if (find_or_insert(s, &server, err) < 0)
		return error_prefix(err, "server '%s'", server.id);
	if (insert_events(s, "INSERT OR IGNORE" EVENT_VALUES, server.key, batch, err) < 0 ||
	    sqlite_forget_counts(s, server.key, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->session_count; i++) {
		struct session session = *batch->sessions[i];
		session.server_key = server.key;
		if (put_session(s, &session, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < batch->ask_count; i++)
		if (put_ask(s, server.key, batch->asks[i], err) < 0)
			return -1;
	if (sqlite_import_prompts(s, server.key, batch, err) < 0)
		return -1;
	*ret_key = server.key;
	return update_server(s, &server, server.updated_ms, err);
}

int sqlite_import(struct store *store, const struct store_batch *batch, int64_t *ret_key,
		  struct sa_error *err)
{
	if (sqlite_begin(SQL(store), err) < 0)
		return -1;
	return sqlite_end(SQL(store), import(SQL(store), batch, ret_key, err), err);
}

/* --- housekeeping by commands --------------------------------------------- */

static int mark_dead(struct sqlite_store *s, const struct server *server, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    s,
	    "UPDATE servers SET state=1,end_reason=?4,updated_ms=?5 WHERE key=?1 AND state=0 AND "
	    "supervisor_pid=?2 AND supervisor_start=?3",
	    err);
	if (!stmt)
		return -1;
	static const char reason[] = "the supervisor ended without a word";
	sqlite3_bind_int64(stmt, 1, server->key);
	sqlite3_bind_int64(stmt, 2, server->supervisor.pid);
	sqlite3_bind_int64(stmt, 3, (int64_t)server->supervisor.start);
	sqlite_bind_string(stmt, 4, reason);
	sqlite3_bind_int64(stmt, 5, clock_now_ms());
	if (sqlite_run(s, stmt, err) < 0)
		return -1;
	return sqlite3_changes(s->db) ? settle_dead(s, server->key, reason, err) : 0;
}

int sqlite_mark_dead(struct store *store, const struct server *server, struct sa_error *err)
{
	if (sqlite_begin(SQL(store), err) < 0)
		return -1;
	return sqlite_end(SQL(store), mark_dead(SQL(store), server, err), err);
}

static int set_session_state(struct sqlite_store *s, const char *session_id,
			     enum session_state state, const char *reason, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    s, "UPDATE sessions SET state=?2,end_reason=?3,updated_ms=?4 WHERE id=?1", err);
	if (!stmt)
		return -1;
	sqlite_bind_string(stmt, 1, session_id);
	sqlite3_bind_int(stmt, 2, (int)state);
	sqlite_bind_string(stmt, 3, reason);
	sqlite3_bind_int64(stmt, 4, clock_now_ms());
	if (sqlite_run(s, stmt, err) < 0)
		return -1;
	if (state != SESSION_CLOSED)
		return 0;
	stmt = sqlite_prepare(s, "DELETE FROM prompts WHERE session_id=?1", err);
	if (!stmt)
		return -1;
	sqlite_bind_string(stmt, 1, session_id);
	return sqlite_run(s, stmt, err);
}

int sqlite_set_session_state(struct store *store, const char *session_id, enum session_state state,
			     const char *reason, struct sa_error *err)
{
	if (sqlite_begin(SQL(store), err) < 0)
		return -1;
	int rc = set_session_state(SQL(store), session_id, state, reason, err);
	return sqlite_end(SQL(store), rc, err);
}

int sqlite_set_server_state(struct store *store, int64_t key, enum server_state state,
			    const char *reason, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(
	    SQL(store), "UPDATE servers SET state=?2,end_reason=?3,updated_ms=?4 WHERE key=?1",
	    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, key);
	sqlite3_bind_int(stmt, 2, (int)state);
	sqlite_bind_string(stmt, 3, reason);
	sqlite3_bind_int64(stmt, 4, clock_now_ms());
	return sqlite_run(SQL(store), stmt, err);
}

/* Run one deletion with the server's range of rows and, as ?3, the session. */
static int delete_rows(struct sqlite_store *s, const char *sql, const struct session *session,
		       struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, sql, err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, event_rowid(session->server_key, 0));
	sqlite3_bind_int64(stmt, 2, event_rowid(session->server_key + 1, 0));
	sqlite_bind_string(stmt, 3, session->id);
	return sqlite_run(s, stmt, err);
}

static int delete_session(struct sqlite_store *s, const struct session *session,
			  struct sa_error *err)
{
	int64_t state;
	sqlite3_stmt *look = sqlite_prepare(s, "SELECT state FROM sessions WHERE id=?1", err);
	if (!look)
		return -1;
	sqlite_bind_string(look, 1, session->id);
	if (sqlite_integer(s, look, SESSION_CLOSED, &state, err) < 0)
		return -1;
	if (session_state_is_live((enum session_state)state))
		return error_set(err, PROBLEM_CONFLICT, "session '%s' is %s", session->id,
				 session_state_name((enum session_state)state));
	if (delete_rows(s, "DELETE FROM asks WHERE seq>?1 AND seq<?2 AND session_id=?3", session,
			err) < 0 ||
	    delete_rows(s, "DELETE FROM events WHERE seq>?1 AND seq<?2 AND session_id=?3", session,
			err) < 0 ||
	    delete_rows(s, "DELETE FROM prompts WHERE seq>?1 AND seq<?2 AND session_id=?3", session,
			err) < 0 ||
	    delete_rows(s, "DELETE FROM sessions WHERE id=?3", session, err) < 0 ||
	    sqlite_forget_counts(s, session->server_key, err) < 0)
		return -1;
	sqlite3_stmt *stmt =
	    sqlite_prepare(s, "SELECT 1 FROM sessions WHERE server_key=?1 LIMIT 1", err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, session->server_key);
	bool has_more = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_reset(stmt);
	if (has_more)
		return 0;
	if (delete_rows(s, "DELETE FROM asks WHERE seq>?1 AND seq<?2", session, err) < 0 ||
	    delete_rows(s, "DELETE FROM events WHERE seq>?1 AND seq<?2", session, err) < 0)
		return -1;
	stmt = sqlite_prepare(s, "DELETE FROM servers WHERE key=?1 AND state<>0", err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, session->server_key);
	return sqlite_run(s, stmt, err);
}

int sqlite_delete_session(struct store *store, const struct session *session, struct sa_error *err)
{
	if (sqlite_begin(SQL(store), err) < 0)
		return -1;
	return sqlite_end(SQL(store), delete_session(SQL(store), session, err), err);
}
