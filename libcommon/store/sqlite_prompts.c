/* The queued prompts of a server: seq = server key * 2^40 + number. */
#include "store/sqlite.h"

#define SQL(s) ((struct sqlite_store *)(s))

static int put_prompt(struct sqlite_store *s, int64_t server_key, const struct prompt *prompt,
		      struct sa_error *err)
{
	sqlite3_stmt *stmt =
	    sqlite_prepare(s,
			   "INSERT OR REPLACE INTO prompts(seq,session_id,payload,created_ms)"
			   " VALUES(?1,?2,?3,?4)",
			   err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, event_rowid(server_key, prompt->number));
	sqlite_bind_string(stmt, 2, prompt->session_id);
	sqlite_bind_string(stmt, 3, prompt->payload);
	sqlite3_bind_int64(stmt, 4, prompt->created_ms);
	return sqlite_run(s, stmt, err);
}

static int drop_prompt(struct sqlite_store *s, int64_t server_key, int64_t number,
		       struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(s, "DELETE FROM prompts WHERE seq=?1", err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, event_rowid(server_key, number));
	return sqlite_run(s, stmt, err);
}

int sqlite_write_prompts(struct sqlite_store *s, const struct store_batch *batch,
			 struct sa_error *err)
{
	for (size_t i = 0; i < batch->prompt_count; i++)
		if (put_prompt(s, batch->server->key, batch->prompts[i], err) < 0)
			return -1;
	for (size_t i = 0; i < batch->gone_prompt_count; i++)
		if (drop_prompt(s, batch->server->key, batch->gone_prompts[i], err) < 0)
			return -1;
	return 0;
}

int sqlite_import_prompts(struct sqlite_store *s, int64_t server_key,
			  const struct store_batch *batch, struct sa_error *err)
{
	for (size_t i = 0; i < batch->prompt_count; i++)
		if (put_prompt(s, server_key, batch->prompts[i], err) < 0)
			return -1;
	for (size_t i = 0; i < batch->gone_prompt_count; i++) {
		/* Whoever this is copied to may have it. */
		char nothing[] = "";
		const struct prompt gone = {batch->gone_prompts[i], nothing, nothing, 0};
		if (put_prompt(s, server_key, &gone, err) < 0)
			return -1;
	}
	return 0;
}

int sqlite_each_prompt(struct store *store, int64_t server_key, store_prompt_fn *fn, void *arg,
		       struct sa_error *err)
{
	sqlite3_stmt *stmt = sqlite_prepare(SQL(store),
					    "SELECT seq,session_id,payload,created_ms FROM prompts"
					    " WHERE seq>?1 AND seq<?2 ORDER BY seq",
					    err);
	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, event_rowid(server_key, 0));
	sqlite3_bind_int64(stmt, 2, event_rowid(server_key + 1, 0));
	int step, stop = 0;
	while (stop == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct prompt prompt = {
		    .number = event_index_of_row(sqlite3_column_int64(stmt, 0)),
		    .session_id = sqlite_text(stmt, 1),
		    .payload = sqlite_text(stmt, 2),
		    .created_ms = sqlite3_column_int64(stmt, 3),
		};
		stop = fn(&prompt, arg);
		prompt_clear(&prompt);
	}
	return sqlite_end_walk(SQL(store), stmt, step, stop, err);
}
