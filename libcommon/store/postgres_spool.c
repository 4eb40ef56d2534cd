/*
 * While the database is away, a supervisor's rows go to a SQLite file of its
 * own, state/spool/UID[@SCHEMA].db, and to the database when it is back: in order, and
 * once, because the database knows each event by its server and index.
 *
 *           commit fails, connection lost
 *   direct -------------------------------> spooling
 *          <-------------------------------
 *           tick: connected, all rows copied
 *
 * UID.lock is held while the supervisor spools. Whoever gets that lock of a
 * dead one drains what it left.
 */
#include "store/postgres.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "store/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* What stands behind the uid in a file's name: each tenant drains its own only. Owned. */
static char *tenant_mark(const struct postgres_store *s)
{
	return strcmp(s->schema, PG_SCHEMA_DEFAULT) == 0 ? xstrdup("")
							 : xasprintf("@%s", s->schema);
}

static char *spool_path(const struct postgres_store *s, const char *uid, const char *suffix)
{
	cleanup_free char *state = dirs_state();
	cleanup_free char *mark = tenant_mark(s);
	return state ? xasprintf("%s/spool/%s%s%s", state, uid, mark, suffix) : NULL;
}

struct store *postgres_open_spool(const struct postgres_store *s, const char *uid)
{
	struct sa_error ignored;
	cleanup_free char *path = spool_path(s, uid, ".db");
	return path && access(path, R_OK) == 0 ? sqlite_store_open(path, &ignored) : NULL;
}

/* The lock of a spool; -1 when somebody holds it, or with errno. */
static int take_lock(const struct postgres_store *s, const char *uid)
{
	cleanup_free char *path = spool_path(s, uid, ".lock");
	cleanup_close int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	return TAKE_FD(fd);
}

void postgres_spool_close(struct postgres_store *s)
{
	store_close(s->spool);
	s->spool = NULL;
	if (s->spool_lock >= 0)
		close(s->spool_lock);
	s->spool_lock = -1;
}

static void remove_spool(const struct postgres_store *s, const char *uid)
{
	static const char *const suffixes[] = {".db-wal", ".db-shm", ".db", ".lock"};
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		cleanup_free char *path = spool_path(s, uid, suffixes[i]);
		if (path)
			unlink(path);
	}
}

/* --- filling --------------------------------------------------------------------------- */

static int start_spool(struct postgres_store *s, struct sa_error *err)
{
	cleanup_free char *path = spool_path(s, s->claimed_uid, ".db");
	cleanup_free char *folder =
	    path ? xmemdup0(path, (size_t)(strrchr(path, '/') - path)) : NULL;
	if (!folder || dirs_make(folder, err) < 0)
		return -1;
	s->spool_lock = take_lock(s, s->claimed_uid);
	if (s->spool_lock < 0)
		return error_set(err, PROBLEM_STORE_ERROR, "somebody else drains %s", path);
	s->spool = sqlite_store_open(path, err);
	if (!s->spool) {
		postgres_spool_close(s);
		return -1;
	}
	s->retry_at = clock_monotonic_ms() + PG_RETRY_MS;
	return 0;
}

int postgres_commit(struct store *store, const struct store_batch *batch, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	int64_t key;
	if (!s->spool) {
		if (postgres_commit_now(s, batch, err) == 0)
			return 0;
		if (!s->conn.is_away || s->claimed_key != batch->server->key)
			return -1;
		if (start_spool(s, err) < 0)
			return -1;
	}
	return store_import(s->spool, batch, &key, err);
}

/* --- draining -------------------------------------------------------------------------- */

/* Copy what the database has not. 0, or -1. */
static int drain(struct postgres_store *s, struct store *spool, const char *uid,
		 struct sa_error *err)
{
	cleanup_server struct server waiting = {.key = 0};
	cleanup_pq struct pq_result rows = {NULL, 0};
	if (store_find_server_by_uid(spool, span_of(uid), &waiting, err) < 0)
		return -1;
	if (postgres_run(s, "SELECT last_index FROM servers WHERE uid=$1::text", 1,
			 (const char *[]){uid}, &rows, err) < 0)
		return -1;
	const struct store_copy copy = {
	    .from = spool,
	    .to = &s->base,
	    .server = &waiting,
	    .after = rows.count ? pq_int(&rows, 0, 0) : 0,
	};
	return store_copy_server(&copy, err);
}

static int count_spooled(const struct postgres_store *s, const char *uid, int64_t *ret_events,
			 struct sa_error *err)
{
	cleanup_store struct store *spool = postgres_open_spool(s, uid);
	cleanup_server struct server waiting = {.key = 0};
	*ret_events = 0;
	if (!spool)
		return 0;
	if (store_find_server_by_uid(spool, span_of(uid), &waiting, err) < 0)
		return -1;
	return store_count_events(spool, &waiting, NULL, ret_events, NULL, err);
}

/* The server's uid of a file in the folder of spools; NULL: it is none, or another tenant's. The
 * caller frees. */
static char *spool_uid(const struct postgres_store *s, const char *name)
{
	cleanup_free char *mark = tenant_mark(s);
	cleanup_free char *end = xasprintf("%s.db", mark);
	size_t n = strlen(name), tail = strlen(end);
	if (n <= tail || strcmp(name + n - tail, end) != 0)
		return NULL;
	char *uid = xmemdup0(name, n - tail);
	if (!strchr(uid, '@'))
		return uid;
	free(uid);
	return NULL;
}

int postgres_lag(struct store *store, const struct server *server, int64_t *ret_events,
		 struct sa_error *err)
{
	const struct postgres_store *s = postgres_of(store);
	*ret_events = 0;
	if (server)
		return server->is_elsewhere ? 0 : count_spooled(s, server->uid, ret_events, err);
	cleanup_free char *state = dirs_state();
	cleanup_free char *folder = state ? xasprintf("%s/spool", state) : NULL;
	cleanup_closedir DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		cleanup_free char *uid = spool_uid(s, entry->d_name);
		int64_t events;
		if (uid && count_spooled(s, uid, &events, err) < 0)
			return -1;
		*ret_events += uid ? events : 0;
	}
	return 0;
}

int postgres_drain_leftovers(struct postgres_store *s, struct sa_error *err)
{
	cleanup_free char *state = dirs_state();
	cleanup_free char *folder = state ? xasprintf("%s/spool", state) : NULL;
	cleanup_closedir DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	int rc = 0;
	while (dir && rc == 0 && (entry = readdir(dir))) {
		cleanup_free char *uid = spool_uid(s, entry->d_name);
		if (!uid)
			continue;
		cleanup_close int lock = take_lock(s, uid);
		if (lock < 0)
			continue;
		struct store *spool = postgres_open_spool(s, uid);
		rc = spool ? drain(s, spool, uid, err) : 0;
		store_close(spool);
		if (spool && rc == 0)
			remove_spool(s, uid);
	}
	return rc;
}

static void try_to_drain(struct postgres_store *s, int64_t now)
{
	struct sa_error ignored;
	s->retry_at = now + PG_RETRY_MS;
	if (pq_connect(&s->conn, &ignored) < 0 || drain(s, s->spool, s->claimed_uid, &ignored) < 0)
		return;
	store_close(s->spool);
	s->spool = NULL;
	remove_spool(s, s->claimed_uid);
	postgres_spool_close(s);
	s->used_at = s->beat_at = now;
}

int postgres_tick(struct store *store, int64_t *ret_next, struct sa_error *err)
{
	struct postgres_store *s = postgres_of(store);
	int64_t now = clock_monotonic_ms();
	(void)err;
	if (s->spool && now >= s->retry_at)
		try_to_drain(s, now);
	if (s->spool) {
		*ret_next = s->retry_at;
		return 0;
	}
	if (s->claimed_key && now >= s->beat_at + PG_HEARTBEAT_MS) {
		struct sa_error ignored;
		postgres_beat(s, &ignored);
	}
	if (s->conn.conn && now >= s->used_at + PG_IDLE_MS)
		pq_disconnect(&s->conn);
	*ret_next = s->claimed_key ? s->beat_at + PG_HEARTBEAT_MS : DEADLINE_NEVER;
	return 0;
}
