#include "store/sqlite.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BUSY_DEFAULT_MS = 10000, BUSY_MAX_MS = 600000 };
/* The write-ahead log goes back into the file at this size (16 MiB). A reader that stays can keep
 * that from being whole: then again after so many pages more. */
enum { CHECKPOINT_PAGES = 4000, CHECKPOINT_AGAIN_PAGES = 1000 };
/* How long for readers, for each such size of the log, and at most. */
enum { CHECKPOINT_WAIT_MS = 20, CHECKPOINT_WAIT_MAX_MS = 200 };

int sqlite_fail(struct sqlite_store *s, struct sa_error *err, const char *what)
{
	int code = sqlite3_extended_errcode(s->db);
	int os_errno = sqlite3_system_errno(s->db);
	const char *text = sqlite3_errmsg(s->db);
	switch (code & 0xff) {
	case SQLITE_FULL:
		return error_set(err, PROBLEM_STORE_FULL,
				 "%s: no space left for the store %s; nothing stored is lost, free "
				 "some space and try again",
				 what, s->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(err, PROBLEM_STORE_ERROR,
				 "%s: the store %s stayed locked by another process for %g s; try "
				 "again, or end the process that holds it",
				 what, s->path, (double)s->busy_ms / 1000);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return error_set(err, PROBLEM_STORE_ERROR,
				 "%s: the store %s cannot be written (%s); check its folder and "
				 "permissions, or name another with SANDBOX_AGENT_STORE",
				 what, s->path, text);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return error_set(err, PROBLEM_STORE_ERROR,
				 "%s: the store %s is damaged (%s); it is left as it is: move it "
				 "away, or save what is in it with 'sqlite3 %s .recover'",
				 what, s->path, text, s->path);
	case SQLITE_IOERR:
		if (os_errno == ENOSPC || os_errno == EDQUOT)
			return error_set(err, PROBLEM_STORE_FULL,
					 "%s: no space left for the store %s; nothing stored is "
					 "lost, free some space and try again",
					 what, s->path);
		return error_set_errno(err, PROBLEM_STORE_ERROR, os_errno ? os_errno : EIO,
				       "%s: store %s", what, s->path);
	case SQLITE_CONSTRAINT:
		return error_set(err, PROBLEM_CONFLICT, "%s: the store %s has it already (%s)",
				 what, s->path, text);
	default:
		return error_set(err, PROBLEM_STORE_ERROR, "%s: store %s: %s", what, s->path, text);
	}
}

sqlite3_stmt *sqlite_prepare(struct sqlite_store *s, const char *sql, struct sa_error *err)
{
	size_t i = 0;
	for (; i < STATEMENT_CACHE && s->cache[i].sql; i++)
		if (s->cache[i].sql == sql) {
			sqlite3_reset(s->cache[i].stmt);
			return s->cache[i].stmt;
		}
	sqlite3_stmt *stmt = NULL;
	if (i == STATEMENT_CACHE) {
		error_set(err, PROBLEM_BUG, "more than %d statements", STATEMENT_CACHE);
		return NULL;
	}
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
	    SQLITE_OK) {
		sqlite_fail(s, err, "read the store");
		return NULL;
	}
	s->cache[i].sql = sql;
	s->cache[i].stmt = stmt;
	return stmt;
}

int sqlite_run(struct sqlite_store *s, sqlite3_stmt *stmt, struct sa_error *err)
{
	int rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		sqlite_fail(s, err, "write the store");
		sqlite3_reset(stmt);
		return -1;
	}
	sqlite3_reset(stmt);
	return 0;
}

int sqlite_exec(struct sqlite_store *s, const char *sql, struct sa_error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : sqlite_fail(s, err, "write the store");
}

int sqlite_begin(struct sqlite_store *s, struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, "BEGIN IMMEDIATE", err);
	if (!stmt)
		return -1;
	sqlite_queue_enter(s);
	if (sqlite_run(s, stmt, err) == 0)
		return 0;
	sqlite_queue_leave(s);
	return -1;
}

static int on_commit(void *store, sqlite3 *db, const char *name, int pages)
{
	(void)db, (void)name;
	((struct sqlite_store *)store)->log_pages = pages;
	return SQLITE_OK;
}

/*
 * Copy the log into the file. Most of it while others write, for that waits for the disk; what
 * they add meanwhile while they stand in line, so that the next of them begins the log anew. (Of
 * many busy writers there is always one that has added something: their log would grow for ever.)
 * Readers of the old log are waited for: the longer it is, the longer. Whether it succeeds is all
 * one: a later commit tries again.
 */
static void empty_log(struct sqlite_store *s)
{
	int64_t patience = s->busy_ms;
	if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) !=
	    SQLITE_OK)
		return; /* another process is at it */
	sqlite_queue_enter(s);
	int64_t wait = (int64_t)CHECKPOINT_WAIT_MS * (s->log_pages / CHECKPOINT_PAGES);
	s->busy_ms = wait < CHECKPOINT_WAIT_MAX_MS ? wait : CHECKPOINT_WAIT_MAX_MS;
	int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	s->busy_ms = patience;
	sqlite_queue_leave(s);
	s->log_limit = rc == SQLITE_OK ? 0 : s->log_pages + CHECKPOINT_AGAIN_PAGES;
}

int sqlite_end(struct sqlite_store *s, int rc, struct sa_error *err)
{
	struct sa_error ignored;
	if (rc == 0) {
		sqlite3_stmt *commit = sqlite_prepare(s, "COMMIT", err);
		rc = commit ? sqlite_run(s, commit, err) : -1;
	}
	if (rc < 0 && !sqlite3_get_autocommit(s->db)) {
		sqlite3_stmt *rollback = sqlite_prepare(s, "ROLLBACK", &ignored);
		if (rollback)
			sqlite_run(s, rollback, &ignored);
	}
	sqlite_queue_leave(s);
	if (s->log_pages >= CHECKPOINT_PAGES && s->log_pages >= s->log_limit)
		empty_log(s);
	s->log_pages = 0;
	return rc;
}

char *sqlite_text(sqlite3_stmt *stmt, int column)
{
	const void *text = sqlite3_column_text(stmt, column);
	return text ? xmemdup0(text, (size_t)sqlite3_column_bytes(stmt, column)) : NULL;
}

void sqlite_bind_string(sqlite3_stmt *stmt, int index, const char *text)
{
	sqlite_bind_span(stmt, index, span_of(text));
}

void sqlite_bind_span(sqlite3_stmt *stmt, int index, struct span text)
{
	if (text.p)
		sqlite3_bind_text64(stmt, index, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(stmt, index);
}

/* Writers hold the lock for some ten microseconds: SQLite's own waits of whole
 * milliseconds would starve somebody. */
int sqlite_wait_busy(struct sqlite_store *s, int count)
{
	int64_t now = clock_monotonic_ms();
	if (count == 0)
		s->busy_until = now + s->busy_ms;
	if (now >= s->busy_until)
		return 0;
	long us = count < 10 ? 50 : count < 100 ? 500 : 5000;
	nanosleep(&(struct timespec){0, us * 1000}, NULL);
	return 1;
}

static int on_busy(void *store, int count)
{
	return sqlite_wait_busy(store, count);
}

void sqlite_close(struct store *store)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	for (size_t i = 0; i < STATEMENT_CACHE; i++)
		sqlite3_finalize(s->cache[i].stmt);
	sqlite3_close(s->db);
	sqlite_queue_close(s);
	if (s->news_fd >= 0)
		close(s->news_fd);
	free(s->path);
	free(s);
}

const struct store_ops sqlite_ops = {
    .close = sqlite_close,
    .listen = sqlite_listen,
    .heard = sqlite_heard,
    .claim_server = sqlite_claim_server,
    .commit = sqlite_commit,
    .import = sqlite_import,
    .describe = sqlite_describe,
    .vacuum = sqlite_vacuum,
    .check = sqlite_check,
    .find_server = sqlite_find_server,
    .get_server = sqlite_get_server,
    .find_server_by_uid = sqlite_find_server_by_uid,
    .each_server = sqlite_each_server,
    .find_session = sqlite_find_session,
    .each_session = sqlite_each_session,
    .each_event = sqlite_each_event,
    .count_events = sqlite_count_events,
    .each_count = sqlite_each_count,
    .tail_index = sqlite_tail_index,
    .index_of_stream = sqlite_index_of_stream,
    .each_ask = sqlite_each_ask,
    .each_prompt = sqlite_each_prompt,
    .mark_dead = sqlite_mark_dead,
    .set_session_state = sqlite_set_session_state,
    .set_server_state = sqlite_set_server_state,
    .delete_session = sqlite_delete_session,
};

/* SANDBOX_AGENT_STORE_SYNC: off, normal (default), full. NULL with err for others. */
static const char *synchronous_pragma(struct sa_error *err)
{
	const char *wish = getenv("SANDBOX_AGENT_STORE_SYNC");
	if (!wish || !*wish || strcmp(wish, "normal") == 0)
		return "PRAGMA synchronous=NORMAL";
	if (strcmp(wish, "full") == 0)
		return "PRAGMA synchronous=FULL";
	if (strcmp(wish, "off") == 0)
		return "PRAGMA synchronous=OFF";
	error_set(err, PROBLEM_INVALID_REQUEST,
		  "SANDBOX_AGENT_STORE_SYNC is off, normal or full, not '%s'", wish);
	return NULL;
}

/* SANDBOX_AGENT_STORE_WAIT: a duration. 0, or -1. */
static int read_busy(int64_t *ret_ms, struct sa_error *err)
{
	const char *wish = getenv("SANDBOX_AGENT_STORE_WAIT");
	*ret_ms = BUSY_DEFAULT_MS;
	if (!wish || !*wish ||
	    (num_parse_duration_ms(span_of(wish), ret_ms) == 0 && *ret_ms <= BUSY_MAX_MS))
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "SANDBOX_AGENT_STORE_WAIT is a duration of at most %d s, such as 10s, not "
			 "'%s'",
			 BUSY_MAX_MS / 1000, wish);
}

int sqlite_open(struct sqlite_store *s, const char *path, struct sa_error *err)
{
	const char *synchronous = synchronous_pragma(err);
	s->news_fd = -1;
	if (!synchronous || read_busy(&s->busy_ms, err) < 0)
		return -1;
	/* Ours alone: SQLite would create it under the umask. Its -wal and -shm take this mode. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	s->path = xstrdup(path);
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return sqlite_fail(s, err, "open the store");
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_handler(s->db, on_busy, s);
	sqlite3_wal_hook(s->db, on_commit, s); /* instead of the automatic checkpoint */
	if (sqlite_exec(s,
			"PRAGMA cache_size=-256; PRAGMA temp_store=MEMORY;"
			"PRAGMA journal_size_limit=33554432",
			err) < 0 ||
	    sqlite_exec(s, synchronous, err) < 0)
		return -1;
	return sqlite_migrate(s, err);
}

struct store *sqlite_store_open(const char *path, struct sa_error *err)
{
	struct sqlite_store *s = xcalloc(1, sizeof(*s));
	s->base.ops = &sqlite_ops;
	if (sqlite_open(s, path, err) == 0)
		return &s->base;
	sqlite_close(&s->base);
	return NULL;
}
