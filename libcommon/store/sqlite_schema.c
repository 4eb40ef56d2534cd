/*
 * The schema, as numbered migrations: number i leads from user_version i to
 * i + 1. A landed migration is never changed. sa-store(5) describes the
 * tables.
 */
#include "store/sqlite.h"

#include "base/cleanup.h"

static const char *const migrations[] = {
    "CREATE TABLE servers("
    " key INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL,"
    " uid TEXT NOT NULL UNIQUE,"
    " agent TEXT NOT NULL,"
    " command TEXT NOT NULL,"
    " cwd TEXT,"
    " state INTEGER NOT NULL,"
    " boot_id TEXT,"
    " supervisor_pid INTEGER NOT NULL DEFAULT 0,"
    " supervisor_start INTEGER NOT NULL DEFAULT 0,"
    " agent_pid INTEGER NOT NULL DEFAULT 0,"
    " agent_start INTEGER NOT NULL DEFAULT 0,"
    " socket_dir TEXT,"
    " cgroup TEXT,"
    " initialize TEXT,"
    " end_reason TEXT,"
    " created_ms INTEGER NOT NULL,"
    " updated_ms INTEGER NOT NULL,"
    " last_index INTEGER NOT NULL DEFAULT 0,"
    " last_stream_index INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE UNIQUE INDEX servers_open ON servers(id) WHERE state <> 2;"
    "CREATE INDEX servers_id ON servers(id);"
    "CREATE TABLE sessions("
    " id TEXT PRIMARY KEY,"
    " server_key INTEGER NOT NULL REFERENCES servers(key),"
    " agent TEXT NOT NULL,"
    " agent_session_id TEXT,"
    " cwd TEXT,"
    " state INTEGER NOT NULL,"
    " title TEXT,"
    " mode TEXT,"
    " model TEXT,"
    " end_reason TEXT,"
    " first_index INTEGER NOT NULL DEFAULT 0,"
    " created_ms INTEGER NOT NULL,"
    " updated_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX sessions_server ON sessions(server_key);"
    "CREATE INDEX sessions_created ON sessions(created_ms);"
    /* seq = server key * 2^40 + eventIndex */
    "CREATE TABLE events("
    " seq INTEGER PRIMARY KEY,"
    " stream INTEGER NOT NULL,"
    " session_id TEXT,"
    " at_ms INTEGER NOT NULL,"
    " sender INTEGER NOT NULL,"
    " answers TEXT,"
    " payload TEXT NOT NULL,"
    " raw BLOB"
    ") STRICT;"
    "CREATE TABLE asks("
    " seq INTEGER PRIMARY KEY REFERENCES events(seq),"
    " session_id TEXT,"
    " method TEXT NOT NULL,"
    " rpc_id TEXT NOT NULL,"
    " state INTEGER NOT NULL,"
    " answer TEXT,"
    " created_ms INTEGER NOT NULL,"
    " settled_ms INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE INDEX asks_open ON asks(seq) WHERE state = 0;",
    "ALTER TABLE servers ADD COLUMN credentials TEXT;"
    "ALTER TABLE sessions ADD COLUMN modes TEXT;"
    "ALTER TABLE sessions ADD COLUMN models TEXT;"
    "ALTER TABLE sessions ADD COLUMN options TEXT;"
    "ALTER TABLE sessions ADD COLUMN open_params TEXT;"
    /* seq = server key * 2^40 + number */
    "CREATE TABLE prompts("
    " seq INTEGER PRIMARY KEY,"
    " session_id TEXT NOT NULL,"
    " payload TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL"
    ") STRICT;",
    "ALTER TABLE asks ADD COLUMN settled_by TEXT;"
    "ALTER TABLE asks ADD COLUMN reason TEXT;"
    "ALTER TABLE asks ADD COLUMN deadline_ms INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE sessions ADD COLUMN resumed_by TEXT;"
    "ALTER TABLE sessions ADD COLUMN parent_id TEXT;"
    "ALTER TABLE sessions ADD COLUMN parent_index INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE servers ADD COLUMN settings TEXT;",
    /* How many events each session has up to the server's last_index in the row of session ''. */
    "CREATE TABLE tallies("
    " server_key INTEGER NOT NULL,"
    " session_id TEXT NOT NULL,"
    " events INTEGER NOT NULL,"
    " last_index INTEGER NOT NULL,"
    " PRIMARY KEY(server_key,session_id)"
    ") STRICT, WITHOUT ROWID;",
};

int sqlite_version(struct sqlite_store *s, int *ret, struct sa_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	else
		sqlite_fail(s, err, "open the store");
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : -1;
}

static int apply(struct sqlite_store *s, int *version, struct sa_error *err)
{
	char pragma[48];
	if (sqlite_version(s, version, err) < 0)
		return -1;
	for (; *version < (int)ARRAY_SIZE(migrations); ++*version) {
		snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%d", *version + 1);
		if (sqlite_exec(s, migrations[*version], err) < 0 ||
		    sqlite_exec(s, pragma, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * A property of the file that cannot be set inside a transaction. Of several that switch a new
 * file to WAL at the same time SQLite refuses all but one at once, without asking the busy handler
 * (two who read already and want to write would wait for each other for ever): so waiting is done
 * here. Pages are SQLite's own 4 KiB: of 8 KiB a flood gains an eighth, 32 sessions lose it.
 */
static int set_file_mode(struct sqlite_store *s, struct sa_error *err)
{
	for (int tries = 0;; tries++) {
		int rc = sqlite3_exec(s->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
		if (rc == SQLITE_OK)
			return 0;
		if ((rc & 0xff) != SQLITE_BUSY || !sqlite_wait_busy(s, tries))
			return sqlite_fail(s, err, "open the store");
	}
}

int sqlite_migrate(struct sqlite_store *s, struct sa_error *err)
{
	int version;
	if (sqlite_version(s, &version, err) < 0)
		return -1;
	if (version < (int)ARRAY_SIZE(migrations)) {
		if (set_file_mode(s, err) < 0 || sqlite_begin(s, err) < 0)
			return -1;
		if (sqlite_end(s, apply(s, &version, err), err) < 0)
			return error_prefix(err, "migrate the store");
	}
	if (version > (int)ARRAY_SIZE(migrations))
		return error_set(err, PROBLEM_STORE_ERROR,
				 "the store %s has version %d, this program knows %zu: a newer "
				 "sandbox-agent made it; use that one",
				 s->path, version, ARRAY_SIZE(migrations));
	return 0;
}
