#include "history.h"

#include "adapter/record.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "claude.h"
#include "session.h"
#include "tool.h"
#include "json/scan.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* One read, bytes. */
enum { HISTORY_READ_BYTES = 64 * 1024 };

char *history_folder(void)
{
	return records_folder("CLAUDE_CONFIG_DIR", "projects", ".claude/projects");
}

bool history_is_id(const char *id)
{
	for (size_t i = 0; i < IDENT_UUID_BYTES - 1; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (is_dash ? id[i] != '-' : !isxdigit((unsigned char)id[i]))
			return false;
	}
	return id[IDENT_UUID_BYTES - 1] == '\0';
}

char *history_find(const char *id)
{
	cleanup_free char *folder = history_folder();
	cleanup_closedir DIR *dir = folder ? opendir(folder) : NULL;
	if (!dir || !history_is_id(id))
		return NULL;
	struct dirent *entry;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		cleanup_free char *path = xasprintf("%s/%s/%s.jsonl", folder, entry->d_name, id);
		struct stat st;
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			return TAKE_PTR(path);
	}
	return NULL;
}

void history_init(struct history *history)
{
	*history = (struct history){.fd = -1};
}

int history_open(struct history *history, const char *path, struct sa_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_SESSION_NOT_FOUND, errno, "read '%s'", path);
	history->fd = fd;
	history->is_open = true;
	lines_init(&history->lines, LINES_LIMIT_DEFAULT);
	return 0;
}

void history_close(struct history *history)
{
	if (!history->is_open)
		return;
	close(history->fd);
	lines_free(&history->lines);
	history_init(history);
}

/* --- replay ---------------------------------------------------------------------------- */

static void tell(struct session *session, const char *kind, struct span text, struct span id)
{
	cleanup_free char *message_id = json_string_dup(id);
	session_base_tell(&session->base, kind, text, message_id);
}

/* What Claude put into the user's mouth: output of local commands, notes to the model. */
static bool is_internal(struct span text)
{
	struct span plain = text;
	if (plain.n)
		plain.p++, plain.n--;
	return span_starts_with(plain, "<local-command") ||
	       span_starts_with(plain, "<system-reminder") ||
	       span_starts_with(plain, "<command-message") ||
	       span_starts_with(plain, "[Request interrupted");
}

static void replay_user(struct session *session, struct span line, struct span message)
{
	struct span content = json_get(message, "content");
	struct json_iter it = json_iter(content);
	struct span block;
	if (json_type(content) == JSON_STRING) {
		if (!is_internal(content))
			tell(session, "user_message_chunk", content, SPAN_NONE);
		return;
	}
	while (json_next(&it, NULL, &block)) {
		struct span text = json_get(block, "text");
		if (json_string_is(json_get(block, "type"), "tool_result"))
			tool_result(session, block, json_get(line, "toolUseResult"));
		else if (json_type(text) == JSON_STRING && !is_internal(text))
			tell(session, "user_message_chunk", text, SPAN_NONE);
		else if (json_string_is(json_get(block, "type"), "image"))
			session_base_tell_image(&session->base, "user_message_chunk",
						json_path(block, "source.data"),
						json_path(block, "source.media_type"));
	}
}

static void replay_assistant(struct session *session, struct span message)
{
	struct json_iter it = json_iter(json_get(message, "content"));
	struct span block, id = json_get(message, "id");
	while (json_next(&it, NULL, &block)) {
		struct span type = json_get(block, "type");
		if (json_string_is(type, "text"))
			tell(session, "agent_message_chunk", json_get(block, "text"), id);
		else if (json_string_is(type, "thinking"))
			tell(session, "agent_thought_chunk", json_get(block, "thinking"), id);
		else if (json_string_is(type, "tool_use"))
			tool_input(session, json_get(block, "id"), json_get(block, "name"),
				   json_get(block, "input"), SPAN_NONE);
	}
}

static void replay_line(struct session *session, struct span line)
{
	size_t bad_offset;
	line = span_trim(line);
	if (json_check(line, &bad_offset) < 0 ||
	    json_bool_or(json_get(line, "isSidechain"), false) ||
	    json_bool_or(json_get(line, "isMeta"), false))
		return;
	struct span type = json_get(line, "type"), message = json_get(line, "message");
	if (json_string_is(type, "user"))
		replay_user(session, line, message);
	else if (json_string_is(type, "assistant"))
		replay_assistant(session, message);
}

void history_step(struct history *history, struct session *session)
{
	static char chunk[HISTORY_READ_BYTES];
	struct span line;
	enum lines_result result;
	ssize_t n = read(history->fd, chunk, sizeof(chunk));
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		if (lines_end(&history->lines, &line) == LINES_LINE)
			replay_line(session, line);
		tool_fail_all(session, "No result");
		history_close(history);
		return;
	}
	lines_feed(&history->lines, (struct span){chunk, (size_t)n});
	while ((result = lines_next(&history->lines, &line)) != LINES_MORE)
		if (result == LINES_LINE)
			replay_line(session, line);
}
