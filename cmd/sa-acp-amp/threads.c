#include "threads.h"

#include "adapter/record.h"
#include "adapter/toolcall.h"
#include "amp.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "session.h"
#include "tool.h"
#include "json/scan.h"

#include <ctype.h>
#include <string.h>

/* "T-", a UUID; bytes. */
enum { THREADS_ID_BYTES = 2 + 36 };

bool threads_is_id(struct span id)
{
	if (id.n != THREADS_ID_BYTES || !span_starts_with(id, "T-"))
		return false;
	for (size_t i = 2; i < id.n; i++)
		if (!isxdigit((unsigned char)id.p[i]) && id.p[i] != '-')
			return false;
	return true;
}

static char *folder(void)
{
	return records_folder("XDG_DATA_HOME", "amp/threads", ".local/share/amp/threads");
}

/* The file of a thread whole. 0, or -1. */
static int read_thread(const char *path, struct buf *b, struct sa_error *err)
{
	size_t bad_offset;
	return io_read_file(path, b, err) < 0 || json_check(span_trim(buf_span(b)), &bad_offset) < 0
		   ? -1
		   : 0;
}

static void replay_message(struct session *session, struct span message)
{
	bool is_user = json_string_is(json_get(message, "role"), "user");
	struct json_iter it = json_iter(json_get(message, "content"));
	struct span block;
	while (json_next(&it, NULL, &block)) {
		struct span type = json_get(block, "type");
		if (json_string_is(type, "text"))
			session_base_tell(&session->base,
					  is_user ? "user_message_chunk" : "agent_message_chunk",
					  json_get(block, "text"), NULL);
		else if (json_string_is(type, "thinking"))
			session_base_tell(&session->base, "agent_thought_chunk",
					  json_get(block, "thinking"), NULL);
		else if (json_string_is(type, "tool_use"))
			tool_called(session, block);
	}
	if (!is_user)
		toolcall_end_all(&session->base, "completed", NULL); /* it has no results to show */
}

int threads_replay(struct session *session, struct sa_error *err)
{
	cleanup_buf struct buf file = BUF_INIT(THREADS_FILE_BYTES);
	cleanup_free char *dir = folder();
	cleanup_free char *path = dir ? xasprintf("%s/%s.json", dir, session->base.id) : NULL;
	if (!path || read_thread(path, &file, err) < 0)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "Amp has no thread '%s' here",
				 session->base.id);
	struct json_iter it = json_iter(json_get(span_trim(buf_span(&file)), "messages"));
	struct span message;
	while (json_next(&it, NULL, &message))
		replay_message(session, message);
	return 0;
}

/* --- list -------------------------------------------------------------------------------- */

/* Which folder a thread is about is known by its content only. */
static void find_all(struct records *records, const char *cwd)
{
	cleanup_free char *dir_name = folder();
	cleanup_closedir DIR *dir = dir_name ? opendir(dir_name) : NULL;
	struct dirent *file;
	(void)cwd;
	while (dir && (file = readdir(dir))) {
		struct span id = {file->d_name, THREADS_ID_BYTES};
		if (strlen(file->d_name) == THREADS_ID_BYTES + 5 && threads_is_id(id) &&
		    strcmp(file->d_name + THREADS_ID_BYTES, ".json") == 0)
			records_add(records, dir_name, file->d_name);
	}
}

/* The folder that the thread began in; NULL when it does not tell. Caller frees. */
static char *thread_cwd(struct span thread)
{
	struct json_iter it = json_iter(json_path(thread, "env.initial.trees"));
	struct span tree;
	if (!json_next(&it, NULL, &tree))
		return NULL;
	cleanup_free char *uri = json_string_dup(json_get(tree, "uri"));
	return uri && strncmp(uri, "file://", 7) == 0 ? xstrdup(uri + 7) : NULL;
}

static void add_title(struct buf *b, struct span thread)
{
	struct json_iter it = json_iter(json_get(thread, "messages"));
	struct span message, block;
	if (json_string_add(b, json_get(thread, "title")) == 0 && b->len)
		return;
	if (!json_next(&it, NULL, &message))
		return;
	it = json_iter(json_get(message, "content"));
	if (json_next(&it, NULL, &block))
		json_string_add(b, json_get(block, "text"));
}

static void write_item(struct buf *b, const struct record *record, const char *cwd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf file = BUF_INIT(THREADS_FILE_BYTES);
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	if (read_thread(record->path, &file, &err) < 0)
		return;
	struct span thread = span_trim(buf_span(&file));
	cleanup_free char *where = thread_cwd(thread);
	if (!where || (cwd && strcmp(cwd, where) != 0))
		return;
	add_title(&title, thread);
	record_write(b, record, record_name(record), where, buf_span(&title));
}

void threads_list(struct adapter *adapter, const struct envelope *envelope)
{
	records_list(adapter, envelope, find_all, write_item);
}
