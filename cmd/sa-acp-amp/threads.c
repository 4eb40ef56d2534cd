#include "threads.h"

#include "adapter/toolcall.h"
#include "amp.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "native.h"
#include "os/dirs.h"
#include "os/io.h"
#include "session.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "T-", a UUID; and the longest title, bytes. */
enum { THREADS_ID_BYTES = 2 + 36, THREADS_TITLE_BYTES = 120 };

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
	const char *data = getenv("XDG_DATA_HOME");
	if (data && *data == '/')
		return xasprintf("%s/amp/threads", data);
	cleanup_free char *home = dirs_home();
	return home ? xasprintf("%s/.local/share/amp/threads", home) : NULL;
}

/* The thread's file whole. 0, or -1. */
static int read_thread(const char *id, struct buf *b, struct sa_error *err)
{
	size_t bad_offset;
	cleanup_free char *dir = folder();
	cleanup_free char *path = dir ? xasprintf("%s/%s.json", dir, id) : NULL;
	if (!path || io_read_file(path, b, err) < 0 ||
	    json_check(span_trim(buf_span(b)), &bad_offset) < 0)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "Amp has no thread '%s' here", id);
	return 0;
}

static void replay_message(struct session *session, struct span message)
{
	bool is_user = json_string_is(json_get(message, "role"), "user");
	struct json_iter it = json_iter(json_get(message, "content"));
	struct span block;
	while (json_next(&it, NULL, &block)) {
		struct span type = json_get(block, "type");
		if (json_string_is(type, "text"))
			native_tell(session, is_user ? "user_message_chunk" : "agent_message_chunk",
				    json_get(block, "text"));
		else if (json_string_is(type, "thinking"))
			native_tell(session, "agent_thought_chunk", json_get(block, "thinking"));
		else if (json_string_is(type, "tool_use"))
			tool_called(session, block);
	}
	if (!is_user)
		toolcall_end_all(&session->base, "completed", NULL); /* it has no results to show */
}

int threads_replay(struct session *session, struct sa_error *err)
{
	cleanup_buf struct buf file = BUF_INIT(THREADS_FILE_BYTES);
	if (read_thread(session->base.id, &file, err) < 0)
		return -1;
	struct json_iter it = json_iter(json_get(span_trim(buf_span(&file)), "messages"));
	struct span message;
	while (json_next(&it, NULL, &message))
		replay_message(session, message);
	return 0;
}

/* --- list -------------------------------------------------------------------------------- */

struct entry {
	char id[THREADS_ID_BYTES + 1];
	int64_t updated_ms;
};

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->updated_ms != y->updated_ms)
		return x->updated_ms < y->updated_ms ? 1 : -1;
	return strcmp(x->id, y->id);
}

static size_t find_all(struct entry **ret_entries)
{
	cleanup_free char *dir_name = folder();
	cleanup_closedir DIR *dir = dir_name ? opendir(dir_name) : NULL;
	struct entry *entries = NULL;
	struct dirent *file;
	size_t count = 0;
	while (dir && count < THREADS_MAX && (file = readdir(dir))) {
		struct span id = {file->d_name, THREADS_ID_BYTES};
		struct stat st;
		if (strlen(file->d_name) != THREADS_ID_BYTES + 5 || !threads_is_id(id) ||
		    strcmp(file->d_name + THREADS_ID_BYTES, ".json") != 0)
			continue;
		cleanup_free char *path = xasprintf("%s/%s", dir_name, file->d_name);
		if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		entries = xreallocarray(entries, count + 1, sizeof(*entries));
		memcpy(entries[count].id, id.p, id.n);
		entries[count].id[id.n] = '\0';
		entries[count++].updated_ms =
		    (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	}
	if (count)
		qsort(entries, count, sizeof(*entries), compare);
	*ret_entries = entries;
	return count;
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

static void write_entry(struct buf *b, const struct entry *entry, const char *cwd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf file = BUF_INIT(THREADS_FILE_BYTES);
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	if (read_thread(entry->id, &file, &err) < 0)
		return;
	struct span thread = span_trim(buf_span(&file));
	cleanup_free char *where = thread_cwd(thread);
	if (!where || (cwd && strcmp(cwd, where) != 0))
		return;
	add_title(&title, thread);
	struct span text = buf_span(&title);
	text.n = utf8_cut(text, THREADS_TITLE_BYTES);
	json_open(b, '{');
	json_kv_string(b, "sessionId", entry->id);
	json_kv_string(b, "cwd", where);
	json_kv_span(b, "title", text);
	json_kv_time(b, "updatedAt", entry->updated_ms);
	json_close(b, '}');
}

void threads_list(struct adapter *adapter, const struct envelope *envelope)
{
	uint64_t start = 0;
	struct entry *entries = NULL;
	cleanup_free char *cwd = json_string_dup(json_get(envelope->params, "cwd"));
	cleanup_free char *cursor = json_string_dup(json_get(envelope->params, "cursor"));
	if (cursor && num_parse_u64(span_of(cursor), THREADS_MAX, &start) < 0) {
		adapter_error(adapter, envelope->id, RPC_INVALID_PARAMS, "no such cursor");
		return;
	}
	size_t count = find_all(&entries);
	size_t end = start + THREADS_PAGE < count ? start + THREADS_PAGE : count;
	struct buf *b = adapter_result_open(adapter, envelope->id);
	json_open(b, '{');
	json_key(b, "sessions");
	json_open(b, '[');
	for (size_t i = start; i < end; i++)
		write_entry(b, &entries[i], cwd);
	json_close(b, ']');
	if (end < count) {
		cleanup_free char *next = xasprintf("%zu", end);
		json_kv_string(b, "nextCursor", next);
	}
	json_close(b, '}');
	adapter_result_close(adapter);
	free(entries);
}
