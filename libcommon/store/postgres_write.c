#include "store/postgres.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "store/alive.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER_UID_LENGTH = 12 };

#define PG_NOW_MS "(extract(epoch from clock_timestamp())*1000)::bigint"

/* --- rows as JSON: one parameter for any number of columns and rows ------------------ */

#define SERVER_RECORD                                                                       \
	"x(command text,cwd text,state int,boot_id text,supervisor_pid bigint,"             \
	"supervisor_start bigint,agent_pid bigint,agent_start bigint,socket_dir text,"      \
	"cgroup text,initialize text,end_reason text,updated_ms bigint,last_index bigint,"  \
	"last_stream_index bigint,host text,id text,uid text,agent text,created_ms bigint," \
	"credentials text,settings text)"

static char *server_json(const struct server *v, const char *host, int64_t updated_ms)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "id", v->id);
	json_kv_string(&b, "uid", v->uid);
	json_kv_string(&b, "agent", v->agent);
	json_kv_string(&b, "command", v->command_json ? v->command_json : "[]");
	json_kv_string(&b, "cwd", v->cwd);
	json_kv_int(&b, "state", v->state);
	json_kv_string(&b, "boot_id", v->boot_id);
	json_kv_int(&b, "supervisor_pid", v->supervisor.pid);
	json_kv_int(&b, "supervisor_start", (int64_t)v->supervisor.start);
	json_kv_int(&b, "agent_pid", v->agent_process.pid);
	json_kv_int(&b, "agent_start", (int64_t)v->agent_process.start);
	json_kv_string(&b, "socket_dir", v->socket_dir);
	json_kv_string(&b, "cgroup", v->cgroup);
	json_kv_string(&b, "initialize", v->initialize_json);
	json_kv_string(&b, "end_reason", v->end_reason);
	json_kv_int(&b, "created_ms", v->created_ms);
	json_kv_int(&b, "updated_ms", updated_ms);
	json_kv_int(&b, "last_index", v->last_index);
	json_kv_int(&b, "last_stream_index", v->last_stream_index);
	json_kv_string(&b, "host", v->host ? v->host : host);
	json_kv_string(&b, "credentials", v->credentials);
	json_kv_string(&b, "settings", v->settings_json);
	json_close(&b, '}');
	return buf_take(&b);
}

static char *sessions_json(const struct store_batch *batch)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '[');
	for (size_t i = 0; i < batch->session_count; i++) {
		const struct session *s = batch->sessions[i];
		json_open(&b, '{');
		json_kv_string(&b, "id", s->id);
		json_kv_string(&b, "agent", s->agent);
		json_kv_string(&b, "agent_session_id", s->agent_session_id);
		json_kv_string(&b, "cwd", s->cwd);
		json_kv_int(&b, "state", s->state);
		json_kv_string(&b, "title", s->title);
		json_kv_string(&b, "mode", s->mode);
		json_kv_string(&b, "model", s->model);
		json_kv_string(&b, "end_reason", s->end_reason);
		json_kv_int(&b, "first_index", s->first_index);
		json_kv_int(&b, "created_ms", s->created_ms);
		json_kv_int(&b, "updated_ms", s->updated_ms);
		json_kv_string(&b, "modes", s->modes_json);
		json_kv_string(&b, "models", s->models_json);
		json_kv_string(&b, "options", s->options_json);
		json_kv_string(&b, "open_params", s->open_json);
		json_kv_string(&b, "resumed_by", s->resumed_by);
		json_kv_string(&b, "parent_id", s->parent_id);
		json_kv_int(&b, "parent_index", s->parent_index);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	return buf_take(&b);
}

static char *asks_json(const struct store_batch *batch)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '[');
	for (size_t i = 0; i < batch->ask_count; i++) {
		const struct ask *a = batch->asks[i];
		json_open(&b, '{');
		json_kv_int(&b, "idx", a->index);
		json_kv_string(&b, "session_id", a->session_id);
		json_kv_string(&b, "method", a->method);
		json_kv_string(&b, "rpc_id", a->rpc_id);
		json_kv_int(&b, "state", a->state);
		json_kv_string(&b, "answer", a->answer_json);
		json_kv_int(&b, "created_ms", a->created_ms);
		json_kv_int(&b, "settled_ms", a->settled_ms);
		json_kv_string(&b, "settled_by", a->settled_by);
		json_kv_string(&b, "reason", a->reason);
		json_kv_int(&b, "deadline_ms", a->deadline_ms);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	return buf_take(&b);
}

static char *prompts_json(const struct store_batch *batch)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '[');
	for (size_t i = 0; i < batch->prompt_count; i++) {
		const struct prompt *p = batch->prompts[i];
		json_open(&b, '{');
		json_kv_int(&b, "number", p->number);
		json_kv_string(&b, "session_id", p->session_id);
		json_kv_string(&b, "payload", p->payload);
		json_kv_int(&b, "created_ms", p->created_ms);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	return buf_take(&b);
}

static char *gone_array(const struct store_batch *batch)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	pq_array_open(&b);
	for (size_t i = 0; i < batch->gone_prompt_count; i++)
		pq_array_add_int(&b, batch->gone_prompts[i]);
	pq_array_close(&b);
	return buf_take(&b);
}

/* --- claiming ----------------------------------------------------------------------------- */

static int insert_server(struct postgres_store *s, struct server *server, struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	free(server->uid);
	server->uid = ident_random(SERVER_UID_LENGTH);
	server->created_ms = clock_now_ms();
	cleanup_free char *record = server_json(server, s->host, server->created_ms);
	if (pq_run(&s->conn,
		   "INSERT INTO servers(id,uid,agent,command,state,created_ms,updated_ms)"
		   " SELECT id,uid,agent,command,0,created_ms,created_ms"
		   " FROM json_to_record($1::json) AS " SERVER_RECORD " RETURNING key",
		   1, (const char *[]){record}, &rows, err) < 0)
		return -1;
	server->key = pq_int(&rows, 0, 0);
	return 0;
}

/* What an earlier supervisor left unsettled. Inside a transaction. */
static int settle_dead(struct postgres_store *s, int64_t key, const char *reason,
		       struct sa_error *err)
{
	char number[PG_NUMBER_BYTES], now[PG_NUMBER_BYTES];
	const char *params[] = {postgres_number(key, number), postgres_number(clock_now_ms(), now),
				reason};
	return pq_run(&s->conn,
		      "WITH a AS (UPDATE asks SET state=3,settled_ms=$2::bigint"
		      " WHERE state=0 AND server_key=$1::bigint)"
		      " UPDATE sessions SET state=5,end_reason=$3::text,updated_ms=$2::bigint"
		      " WHERE server_key=$1::bigint AND state<4",
		      3, params, NULL, err);
}

/* Continue the open row in old: keep its identity and numbers. */
static int take_over(struct postgres_store *s, struct server *server, struct server *old,
		     struct sa_error *err)
{
	if (server->uid && strcmp(server->uid, old->uid) != 0)
		return error_set(err, PROBLEM_CONFLICT,
				 "server id '%s' belongs to a newer server by now", server->id);
	if (old->state == SERVER_RUNNING && server_is_alive(old))
		return error_set(err, PROBLEM_CONFLICT,
				 "server '%s' is running already (%s%spid %d)", server->id,
				 old->is_elsewhere ? old->host : "", old->is_elsewhere ? ", " : "",
				 (int)old->supervisor.pid);
	if (strcmp(old->agent, server->agent) != 0)
		return error_set(err, PROBLEM_CONFLICT, "server '%s' runs agent '%s', not '%s'",
				 server->id, old->agent, server->agent);
	if (!server->credentials)
		server->credentials = xstrdup(old->credentials);
	server->key = old->key;
	server->created_ms = old->created_ms;
	server->last_index = old->last_index;
	server->last_stream_index = old->last_stream_index;
	free(server->uid);
	server->uid = TAKE_PTR(old->uid);
	return old->state == SERVER_RUNNING
		   ? settle_dead(s, old->key, "the supervisor ended without a word", err)
		   : 0;
}

static int update_server(struct postgres_store *s, const struct server *server,
			 struct sa_error *err)
{
	const struct store_batch batch = {.server = server};
	return postgres_commit_now(s, &batch, err);
}

static int claim(struct postgres_store *s, struct server *server, struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	/* Nobody else makes or takes a server of this id before we are done. */
	if (pq_run(&s->conn, "SELECT pg_advisory_xact_lock(hashtextextended($1::text,0))", 1,
		   (const char *[]){server->id}, NULL, err) < 0 ||
	    pq_run(&s->conn,
		   "SELECT " PG_SERVER_COLUMNS " FROM servers WHERE id=$1::text"
		   " AND (state<>2 OR uid=$2::text) ORDER BY state=2",
		   2, (const char *[]){server->id, server->uid}, &rows, err) < 0)
		return -1;
	int rc;
	if (rows.count) {
		cleanup_server struct server old = {.key = 0};
		postgres_read_server(s, &rows, 0, &old);
		rc = take_over(s, server, &old, err);
	} else if (server->uid) {
		rc = error_set(err, PROBLEM_NOT_FOUND, "no server '%s' with uid '%s'", server->id,
			       server->uid);
	} else {
		rc = insert_server(s, server, err);
	}
	server->state = SERVER_RUNNING;
	return rc < 0 ? -1 : update_server(s, server, err);
}

int postgres_claim_server(struct store *store, struct server *server, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	if (postgres_drain_leftovers(s, err) < 0 || postgres_begin(s, err) < 0)
		return -1;
	if (postgres_end(s, claim(s, server, err), err) < 0)
		return -1;
	s->claimed_key = server->key;
	free(s->claimed_uid);
	s->claimed_uid = xstrdup(server->uid);
	s->beat_at = clock_monotonic_ms();
	return 0;
}

/* --- committing ------------------------------------------------------------------------------ */

enum { EVENT_COLUMNS = 8 };

/* The events as one array for each column. */
static void event_arrays(const struct store_batch *batch, struct buf *columns)
{
	for (int i = 0; i < EVENT_COLUMNS; i++)
		pq_array_open(&columns[i]);
	for (size_t i = 0; i < batch->event_count; i++) {
		const struct event *e = &batch->events[i];
		pq_array_add_int(&columns[0], e->index);
		pq_array_add_int(&columns[1], e->stream_index);
		pq_array_add_text(&columns[2], e->session_id);
		pq_array_add_int(&columns[3], e->at_ms);
		pq_array_add_int(&columns[4], e->sender);
		pq_array_add_text(&columns[5], e->answers);
		pq_array_add_text(&columns[6], e->payload);
		pq_array_add_bytes(&columns[7], e->raw);
	}
	for (int i = 0; i < EVENT_COLUMNS; i++)
		pq_array_close(&columns[i]);
}

/* All rows of a batch in one statement: one round trip, all or nothing, harmless twice. */
static const char commit_sql[] =
    "WITH e AS (INSERT INTO events(server_key,idx,stream,session_id,at_ms,sender,answers,payload,"
    "raw) SELECT $1::bigint,u.* FROM unnest($2::bigint[],$3::bigint[],$4::text[],$5::bigint[],"
    "$6::int[],$7::text[],$8::text[],$9::bytea[]) u ON CONFLICT DO NOTHING),"
    " s AS (INSERT INTO sessions(id,server_key,agent,agent_session_id,cwd,state,title,mode,model,"
    "end_reason,first_index,created_ms,updated_ms,modes,models,options,open_params,resumed_by,"
    "parent_id,parent_index)"
    " SELECT x.id,$1::bigint,x.agent,x.agent_session_id,x.cwd,x.state,x.title,x.mode,x.model,"
    "x.end_reason,x.first_index,x.created_ms,x.updated_ms,x.modes,x.models,x.options,"
    "x.open_params,x.resumed_by,x.parent_id,x.parent_index FROM json_to_recordset($10::json)"
    " AS x(id text,agent text,agent_session_id text,cwd text,state int,title text,mode text,"
    "model text,end_reason text,first_index bigint,created_ms bigint,updated_ms bigint,"
    "modes text,models text,options text,open_params text,resumed_by text,parent_id text,"
    "parent_index bigint)"
    " ON CONFLICT(id) DO UPDATE SET server_key=excluded.server_key,agent=excluded.agent,"
    "agent_session_id=excluded.agent_session_id,"
    "cwd=coalesce(excluded.cwd,sessions.cwd),state=excluded.state,title=excluded.title,"
    "mode=excluded.mode,model=excluded.model,end_reason=excluded.end_reason,"
    "updated_ms=excluded.updated_ms,modes=coalesce(excluded.modes,sessions.modes),"
    "models=coalesce(excluded.models,sessions.models),"
    "options=coalesce(excluded.options,sessions.options),"
    "open_params=coalesce(excluded.open_params,sessions.open_params),"
    "resumed_by=excluded.resumed_by,parent_id=excluded.parent_id,"
    "parent_index=excluded.parent_index),"
    " a AS (INSERT INTO asks(server_key,idx,session_id,method,rpc_id,state,answer,created_ms,"
    "settled_ms,settled_by,reason,deadline_ms)"
    " SELECT $1::bigint,x.* FROM json_to_recordset($11::json)"
    " AS x(idx bigint,session_id text,method text,rpc_id text,state int,answer text,"
    "created_ms bigint,settled_ms bigint,settled_by text,reason text,deadline_ms bigint)"
    " ON CONFLICT(server_key,idx) DO UPDATE SET state=excluded.state,answer=excluded.answer,"
    "settled_ms=excluded.settled_ms,settled_by=excluded.settled_by,reason=excluded.reason,"
    "deadline_ms=excluded.deadline_ms),"
    " p AS (INSERT INTO prompts(server_key,number,session_id,payload,created_ms)"
    " SELECT $1::bigint,x.* FROM json_to_recordset($13::json) AS x(number bigint,"
    "session_id text,payload text,created_ms bigint)"
    " ON CONFLICT(server_key,number) DO UPDATE SET payload=excluded.payload),"
    " g AS (DELETE FROM prompts WHERE server_key=$1::bigint AND number=ANY($14::bigint[])),"
    " v AS (UPDATE servers SET command=x.command,cwd=x.cwd,state=x.state,boot_id=x.boot_id,"
    "supervisor_pid=x.supervisor_pid,supervisor_start=x.supervisor_start,agent_pid=x.agent_pid,"
    "agent_start=x.agent_start,socket_dir=x.socket_dir,cgroup=x.cgroup,initialize=x.initialize,"
    "end_reason=x.end_reason,updated_ms=x.updated_ms,"
    "last_index=greatest(servers.last_index,x.last_index),"
    "last_stream_index=greatest(servers.last_stream_index,x.last_stream_index),host=x.host,"
    "credentials=x.credentials,settings=x.settings,"
    "seen_ms=" PG_NOW_MS " FROM json_to_record($12::json) AS " SERVER_RECORD
    " WHERE key=$1::bigint)"
    " SELECT pg_notify(current_schema(),($1::bigint)::text)";

/* updated_ms 0: now. */
static int write_batch(struct postgres_store *s, const struct store_batch *batch, int64_t key,
		       int64_t updated_ms, struct sa_error *err)
{
	struct buf columns[EVENT_COLUMNS];
	char number[PG_NUMBER_BYTES];
	for (int i = 0; i < EVENT_COLUMNS; i++)
		buf_init(&columns[i], BUF_MAX_OWN);
	event_arrays(batch, columns);
	cleanup_free char *sessions = sessions_json(batch);
	cleanup_free char *asks = asks_json(batch);
	cleanup_free char *server =
	    server_json(batch->server, s->host, updated_ms ? updated_ms : clock_now_ms());
	cleanup_free char *prompts = prompts_json(batch);
	cleanup_free char *gone = gone_array(batch);
	const char *params[6 + EVENT_COLUMNS] = {postgres_number(key, number)};
	for (int i = 0; i < EVENT_COLUMNS; i++)
		params[1 + i] = columns[i].data;
	params[1 + EVENT_COLUMNS] = sessions;
	params[2 + EVENT_COLUMNS] = asks;
	params[3 + EVENT_COLUMNS] = server;
	params[4 + EVENT_COLUMNS] = prompts;
	params[5 + EVENT_COLUMNS] = gone;
	int rc = 0;
	for (int i = 0; i < EVENT_COLUMNS; i++)
		if (columns[i].is_overflowed)
			rc = error_set(err, PROBLEM_TOO_LARGE, "a batch of more than 1 GiB");
	if (rc == 0)
		rc = postgres_run(s, commit_sql, 6 + EVENT_COLUMNS, params, NULL, err);
	for (int i = 0; i < EVENT_COLUMNS; i++)
		buf_free(&columns[i]);
	return rc;
}

int postgres_commit_now(struct postgres_store *s, const struct store_batch *batch,
			struct sa_error *err)
{
	if (write_batch(s, batch, batch->server->key, 0, err) < 0)
		return -1;
	s->used_at = s->beat_at = clock_monotonic_ms();
	return 0;
}

int postgres_import(struct store *store, const struct store_batch *batch, int64_t *ret_key,
		    struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	cleanup_pq struct pq_result rows = {NULL, 0};
	cleanup_free char *record = server_json(batch->server, s->host, batch->server->updated_ms);
	/* The update changes nothing, but makes the key of a row that is there come back. */
	if (postgres_run(s,
			 "INSERT INTO servers(id,uid,agent,command,state,created_ms,updated_ms)"
			 " SELECT id,uid,agent,command,state,created_ms,updated_ms"
			 " FROM json_to_record($1::json) AS " SERVER_RECORD
			 " ON CONFLICT(uid) DO UPDATE SET id=servers.id RETURNING key",
			 1, (const char *[]){record}, &rows, err) < 0)
		return error_prefix(err, "server '%s'", batch->server->id);
	*ret_key = pq_int(&rows, 0, 0);
	if (write_batch(s, batch, *ret_key, batch->server->updated_ms, err) < 0)
		return -1;
	return postgres_forget_counts(s, *ret_key, err);
}

int postgres_beat(struct postgres_store *s, struct sa_error *err)
{
	char number[PG_NUMBER_BYTES];
	s->beat_at = clock_monotonic_ms();
	return postgres_run(s,
			    "UPDATE servers SET seen_ms=" PG_NOW_MS " WHERE key=$1::bigint AND "
			    "state=0",
			    1, (const char *[]){postgres_number(s->claimed_key, number)}, NULL,
			    err);
}

/* --- housekeeping by commands -------------------------------------------------------------- */

static int mark_dead(struct postgres_store *s, const struct server *server, struct sa_error *err)
{
	static const char reason[] = "the supervisor ended without a word";
	cleanup_pq struct pq_result rows = {NULL, 0};
	char key[PG_NUMBER_BYTES], pid[PG_NUMBER_BYTES], start[PG_NUMBER_BYTES],
	    now[PG_NUMBER_BYTES];
	const char *params[] = {postgres_number(server->key, key),
				postgres_number(server->supervisor.pid, pid),
				postgres_number((int64_t)server->supervisor.start, start), reason,
				postgres_number(clock_now_ms(), now)};
	if (pq_run(&s->conn,
		   "UPDATE servers SET state=1,end_reason=$4::text,updated_ms=$5::bigint"
		   " WHERE key=$1::bigint AND state=0 AND supervisor_pid=$2::bigint"
		   " AND supervisor_start=$3::bigint",
		   5, params, &rows, err) < 0)
		return -1;
	return pq_changed(&rows) ? settle_dead(s, server->key, reason, err) : 0;
}

int postgres_mark_dead(struct store *store, const struct server *server, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	/* What it could not write any more belongs in front of its end. */
	if (postgres_drain_leftovers(s, err) < 0 || postgres_begin(s, err) < 0)
		return -1;
	return postgres_end(s, mark_dead(s, server, err), err);
}

int postgres_set_session_state(struct store *store, const char *session_id,
			       enum session_state state, const char *reason, struct sa_error *err)
{
	char number[PG_NUMBER_BYTES], now[PG_NUMBER_BYTES];
	const char *params[] = {session_id, postgres_number(state, number), reason,
				postgres_number(clock_now_ms(), now)};
	return postgres_run(
	    postgres_of(store),
	    "WITH p AS (DELETE FROM prompts WHERE session_id=$1::text AND $2::int=4)"
	    " UPDATE sessions SET state=$2::int,end_reason=$3::text,"
	    "updated_ms=$4::bigint WHERE id=$1::text",
	    4, params, NULL, err);
}

int postgres_set_server_state(struct store *store, int64_t key, enum server_state state,
			      const char *reason, struct sa_error *err)
{
	char key_text[PG_NUMBER_BYTES], number[PG_NUMBER_BYTES], now[PG_NUMBER_BYTES];
	const char *params[] = {postgres_number(key, key_text), postgres_number(state, number),
				reason, postgres_number(clock_now_ms(), now)};
	return postgres_run(postgres_of(store),
			    "UPDATE servers SET state=$2::int,end_reason=$3::text,"
			    "updated_ms=$4::bigint WHERE key=$1::bigint",
			    4, params, NULL, err);
}

static int delete_session(struct postgres_store *s, const struct session *session,
			  struct sa_error *err)
{
	cleanup_pq struct pq_result rows = {NULL, 0};
	char key[PG_NUMBER_BYTES];
	const char *params[] = {postgres_number(session->server_key, key), session->id};
	static const char *const of_session[] = {
	    "DELETE FROM asks WHERE server_key=$1::bigint AND session_id=$2::text",
	    "DELETE FROM events WHERE server_key=$1::bigint AND session_id=$2::text",
	    "DELETE FROM prompts WHERE server_key=$1::bigint AND session_id=$2::text",
	    "DELETE FROM sessions WHERE server_key=$1::bigint AND id=$2::text",
	    "DELETE FROM tallies WHERE server_key=$1::bigint AND session_id=$2::text"};
	static const char *const of_server[] = {
	    "DELETE FROM asks WHERE server_key=$1::bigint",
	    "DELETE FROM events WHERE server_key=$1::bigint",
	    "DELETE FROM tallies WHERE server_key=$1::bigint",
	    "DELETE FROM servers WHERE key=$1::bigint AND state<>0"};
	cleanup_pq struct pq_result state = {NULL, 0};
	if (pq_run(&s->conn, "SELECT state FROM sessions WHERE id=$1::text FOR UPDATE", 1,
		   (const char *[]){session->id}, &state, err) < 0)
		return -1;
	enum session_state is =
	    state.count ? (enum session_state)pq_int(&state, 0, 0) : SESSION_CLOSED;
	if (session_state_is_live(is))
		return error_set(err, PROBLEM_CONFLICT, "session '%s' is %s", session->id,
				 session_state_name(is));
	for (size_t i = 0; i < ARRAY_SIZE(of_session); i++)
		if (pq_run(&s->conn, of_session[i], 2, params, NULL, err) < 0)
			return -1;
	if (pq_run(&s->conn, "SELECT 1 FROM sessions WHERE server_key=$1::bigint LIMIT 1", 1,
		   params, &rows, err) < 0)
		return -1;
	if (rows.count)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(of_server); i++)
		if (pq_run(&s->conn, of_server[i], 1, params, NULL, err) < 0)
			return -1;
	return 0;
}

int postgres_delete_session(struct store *store, const struct session *session,
			    struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	if (postgres_begin(s, err) < 0)
		return -1;
	return postgres_end(s, delete_session(s, session, err), err);
}
