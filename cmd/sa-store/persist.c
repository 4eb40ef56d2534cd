#include "persist.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "store/alive.h"
#include "store/part.h"
#include "story.h"
#include "json/scan.h"

#include <sodium.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

enum { UID_BYTES = 8 }; /* of the hash of a session's id: the same on each import */

bool persist_is_database(int fd)
{
	char head[16];
	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       memcmp(head, "SQLite format 3", sizeof(head)) == 0;
}

struct persist {
	sqlite3 *db;
	const char *path;
	struct store *store;
	const char *cwd;
	struct part *part;
	struct persist_counts *counts;
	bool is_rehearsal; /* nothing is written */
};

static int fail(const struct persist *p, struct sa_error *err)
{
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "%s is not a file of the SDK's persistence driver: %s", p->path,
			 sqlite3_errmsg(p->db));
}

static char *column(sqlite3_stmt *stmt, int i)
{
	const void *text = sqlite3_column_text(stmt, i);
	return text ? xmemdup0(text, (size_t)sqlite3_column_bytes(stmt, i)) : NULL;
}

static struct span column_span(sqlite3_stmt *stmt, int i)
{
	const void *text = sqlite3_column_text(stmt, i);
	return text ? (struct span){text, (size_t)sqlite3_column_bytes(stmt, i)} : SPAN_NONE;
}

/* A server for the session, with a uid that follows from the session's id. */
static void make_server(const struct persist *p, const struct session *session, struct server *ret)
{
	unsigned char hash[crypto_generichash_BYTES];
	char uid[UID_BYTES * 2 + 1];
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)session->id,
			   strlen(session->id), NULL, 0);
	sodium_bin2hex(uid, sizeof(uid), hash, UID_BYTES);
	*ret = (struct server){
	    .id = xasprintf("sdk-%s", session->id),
	    .uid = xstrdup(uid),
	    .agent = xstrdup(session->agent),
	    .command_json = xstrdup("[]"),
	    .cwd = xstrdup(p->cwd),
	    .state = SERVER_ENDED,
	    .end_reason = xstrdup("imported"),
	    .created_ms = session->created_ms,
	    .updated_ms = session->created_ms,
	};
}

/* The events in their order, numbered anew without holes. */
static int read_events(struct persist *p, const struct session *session, struct server *server,
		       struct sa_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int step, rc = 0;
	if (sqlite3_prepare_v2(
		p->db,
		"SELECT created_at,sender,payload_json FROM events WHERE session_id=?1"
		" ORDER BY event_index,id",
		-1, &stmt, NULL) != SQLITE_OK)
		return fail(p, err);
	sqlite3_bind_text(stmt, 1, session->id, -1, SQLITE_STATIC);
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		bool is_client = span_is(column_span(stmt, 1), "client");
		struct span payload = column_span(stmt, 2);
		if (!payload.p || json_check(payload, NULL) < 0 || !utf8_is_valid(payload))
			continue; /* the driver writes JSON only */
		server->last_stream_index += !is_client;
		const struct event event = {
		    .index = ++server->last_index,
		    .stream_index = server->last_stream_index,
		    .session_id = span_of(session->id),
		    .at_ms = sqlite3_column_int64(stmt, 0),
		    .sender = is_client ? SENDER_CLIENT : SENDER_AGENT,
		    .payload = payload,
		};
		server->updated_ms = event.at_ms;
		p->counts->events++;
		rc = part_add(p->part, &event, err);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = fail(p, err);
	sqlite3_finalize(stmt);
	return rc == 0 ? part_flush(p->part, err) : -1;
}

/* Has the session that came out of here gone on in the store? 1, 0; -1: it is another one's, or has
 * an agent. */
static int has_gone_on(const struct persist *p, const struct session *session,
		       const struct server *server, struct sa_error *err)
{
	cleanup_server struct server there = {.key = 0};
	bool is_there;
	if (story_has_session(p->store, session->id, server->uid, &is_there, err) < 0 ||
	    story_find(p->store, server->uid, &there, err) < 0)
		return -1;
	if (there.key && server_is_alive(&there))
		return error_set(err, PROBLEM_CONFLICT, "session '%s' runs here", session->id);
	return is_there && (!there.end_reason || strcmp(there.end_reason, server->end_reason) != 0);
}

static int read_session(struct persist *p, sqlite3_stmt *stmt, struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	cleanup_session struct session session = {
	    .id = column(stmt, 0),
	    .agent = column(stmt, 1),
	    .agent_session_id = column(stmt, 2),
	    .created_ms = sqlite3_column_int64(stmt, 3),
	    .state =
		sqlite3_column_type(stmt, 4) == SQLITE_NULL ? SESSION_INTERRUPTED : SESSION_CLOSED,
	    .cwd = xstrdup(p->cwd),
	    .end_reason = xstrdup("imported"),
	    .first_index = 1,
	};
	const struct session *list[] = {&session};
	int64_t key;
	if (!session.id || !session.agent)
		return fail(p, err);
	make_server(p, &session, &server);
	p->part->server = &server;
	int rc = has_gone_on(p, &session, &server, err);
	if (rc != 0 || p->is_rehearsal)
		return rc < 0 ? -1 : 0;
	rc = read_events(p, &session, &server, err);
	part_clear(p->part);
	session.updated_ms = server.updated_ms;
	if (rc == 0)
		rc = store_import(
		    p->store,
		    &(struct store_batch){.server = &server, .sessions = list, .session_count = 1},
		    &key, err);
	p->counts->sessions += rc == 0;
	return rc;
}

static int read_sessions(struct persist *p, struct sa_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int step = SQLITE_DONE, rc = 0;
	if (sqlite3_prepare_v2(
		p->db,
		"SELECT id,agent,agent_session_id,created_at,destroyed_at FROM sessions"
		" ORDER BY created_at,id",
		-1, &stmt, NULL) != SQLITE_OK)
		return fail(p, err);
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW)
		rc = read_session(p, stmt, err);
	if (rc == 0 && step != SQLITE_DONE)
		rc = fail(p, err);
	sqlite3_finalize(stmt);
	return rc;
}

int persist_import(const char *path, struct store *store, const char *cwd,
		   struct persist_counts *ret, struct sa_error *err)
{
	cleanup_free struct part *part = xcalloc(1, sizeof(*part));
	struct persist p = {.path = path, .store = store, .cwd = cwd, .part = part, .counts = ret};
	*ret = (struct persist_counts){0, 0};
	part->to = store;
	if (sodium_init() < 0)
		return error_set(err, PROBLEM_BUG, "libsodium does not start");
	p.is_rehearsal = true;
	int rc = sqlite3_open_v2(path, &p.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
			 SQLITE_OK
		     ? read_sessions(&p, err)
		     : fail(&p, err);
	p.is_rehearsal = false;
	if (rc == 0)
		rc = read_sessions(&p, err);
	sqlite3_close(p.db);
	return rc;
}
