#include "adapter/content.h"
#include "base/cleanup.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

struct tool_row {
	const char *name;
	const char *kind;
	const char *title; /* before the input is known */
};

static const struct tool_row rows[] = {
    {"Bash", "execute", "Terminal"},
    {"BashOutput", "execute", "Read output"},
    {"KillShell", "execute", "Stop a command"},
    {"Monitor", "execute", "Monitor"},
    {"Read", "read", "Read File"},
    {"Write", "edit", "Preparing file\xe2\x80\xa6"},
    {"Edit", "edit", "Edit"},
    {"MultiEdit", "edit", "Edit"},
    {"NotebookEdit", "edit", "Edit"},
    {"Grep", "search", "grep"},
    {"Glob", "search", "Find"},
    {"ToolSearch", "search", "Find tools"},
    {"WebFetch", "fetch", "Fetch"},
    {"WebSearch", "fetch", "Web search"},
    {"Agent", "think", "Task"},
    {"Task", "think", "Task"},
    {"ExitPlanMode", "switch_mode", "Approve Plan"},
    {"EnterPlanMode", "switch_mode", "Enter Plan Mode"},
    {"AskUserQuestion", "other", "Asking for your input"},
};

static const char *const plan_tools[] = {"TodoWrite", "TaskCreate", "TaskUpdate", "TaskGet",
					 "TaskList"};

static const struct tool_row *find_row(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const char *tool_kind(const char *name)
{
	const struct tool_row *row = find_row(name);
	return row ? row->kind : "other";
}

bool tool_is_plan(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(plan_tools); i++)
		if (strcmp(plan_tools[i], name) == 0)
			return true;
	return false;
}

bool tool_is_question(const char *name)
{
	return strcmp(name, "AskUserQuestion") == 0;
}

bool tool_is_exit_plan(const char *name)
{
	return strcmp(name, "ExitPlanMode") == 0;
}

/* --- title ------------------------------------------------------------------------ */

/* The path of a JSON string, without the working directory in front. */
static void add_path(struct buf *b, struct span path, const char *cwd)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&text, path);
	struct span s = buf_span(&text);
	size_t n = strlen(cwd);
	if (s.n > n + 1 && span_starts_with(s, cwd) && s.p[n] == '/') {
		s.p += n + 1;
		s.n -= n + 1;
	}
	buf_add_span(b, s);
}

static void add_read_range(struct buf *b, struct span input)
{
	int64_t offset = json_int_or(json_get(input, "offset"), 0);
	int64_t limit = json_int_or(json_get(input, "limit"), 0);
	if (limit > 0)
		buf_addf(b, " (%lld - %lld)", (long long)(offset > 0 ? offset : 1),
			 (long long)((offset > 0 ? offset : 1) + limit - 1));
	else if (offset > 1)
		buf_addf(b, " (from line %lld)", (long long)offset);
}

static void add_search_title(struct buf *b, const char *name, struct span input, const char *cwd)
{
	buf_adds(b, strcmp(name, "Grep") == 0 ? "grep" : "Find");
	struct span path = json_get(input, "path");
	buf_adds(b, " `");
	json_string_add(b, json_get(input, "pattern"));
	buf_addc(b, '`');
	if (json_type(path) == JSON_STRING) {
		buf_adds(b, " in ");
		add_path(b, path, cwd);
	}
}

static void add_title(struct buf *b, const char *name, struct span input, const char *cwd)
{
	struct span path = json_get(input, "file_path");
	if (!path.p)
		path = json_get(input, "notebook_path");
	const char *kind = tool_kind(name);
	if (strcmp(name, "Bash") == 0 || strcmp(name, "Monitor") == 0) {
		json_string_add(b, json_get(input, "command"));
	} else if (strcmp(name, "Read") == 0 && path.p) {
		buf_adds(b, "Read ");
		add_path(b, path, cwd);
		add_read_range(b, input);
	} else if (strcmp(kind, "edit") == 0 && path.p) {
		buf_adds(b, strcmp(name, "Write") == 0 ? "Write " : "Edit ");
		add_path(b, path, cwd);
	} else if (strcmp(name, "Grep") == 0 || strcmp(name, "Glob") == 0) {
		add_search_title(b, name, input, cwd);
	} else if (strcmp(name, "WebFetch") == 0) {
		buf_adds(b, "Fetch ");
		json_string_add(b, json_get(input, "url"));
	} else if (strcmp(name, "WebSearch") == 0) {
		buf_addc(b, '"');
		json_string_add(b, json_get(input, "query"));
		buf_addc(b, '"');
	} else if (strcmp(kind, "think") == 0) {
		json_string_add(b, json_get(input, "description"));
	} else if (tool_is_question(name)) {
		struct json_iter it = json_iter(json_get(input, "questions"));
		struct span first;
		if (json_next(&it, NULL, &first))
			json_string_add(b, json_get(first, "question"));
	}
}

static void write_title(struct buf *b, const char *name, struct span input, const char *cwd)
{
	cleanup_buf struct buf title = BUF_INIT(BUF_MAX_OWN);
	if (input.p)
		add_title(&title, name, input, cwd);
	const struct tool_row *row = find_row(name);
	if (title.len == 0)
		buf_adds(&title, row ? row->title : name);
	json_kv_span(b, "title", buf_span(&title));
}

/* --- content and locations ---------------------------------------------------------- */

/* MultiEdit's list, or Edit's single one. */
static void write_edits(struct buf *b, struct span input, struct span path)
{
	struct span edits = json_get(input, "edits");
	if (json_type(edits) != JSON_ARRAY) {
		content_diff(b, path, json_get(input, "old_string"), json_get(input, "new_string"));
		return;
	}
	struct json_iter it = json_iter(edits);
	struct span edit;
	while (json_next(&it, NULL, &edit))
		content_diff(b, path, json_get(edit, "old_string"), json_get(edit, "new_string"));
}

static void write_questions(struct buf *b, struct span input)
{
	struct json_iter it = json_iter(json_get(input, "questions"));
	struct span question;
	while (json_next(&it, NULL, &question))
		if (json_type(json_get(question, "question")) == JSON_STRING)
			content_text_raw(b, json_get(question, "question"));
}

/* The member of the input that says in words what the call does. */
static const char *text_member(const char *name)
{
	static const char *const members[][2] = {
	    {"Bash", "description"}, {"Agent", "prompt"},      {"Task", "prompt"},
	    {"WebFetch", "prompt"},  {"ExitPlanMode", "plan"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i][0], name) == 0)
			return members[i][1];
	return NULL;
}

static void write_content(struct buf *b, const char *name, struct span input)
{
	const char *member = text_member(name);
	struct span path = json_get(input, "file_path");
	struct span text = member ? json_get(input, member) : SPAN_NONE;
	bool is_write = strcmp(name, "Write") == 0;
	bool is_edit = strcmp(name, "Edit") == 0 || strcmp(name, "MultiEdit") == 0;
	json_key(b, "content");
	json_open(b, '[');
	if (json_type(text) == JSON_STRING)
		content_text_raw(b, text);
	else if (is_write && json_type(path) == JSON_STRING)
		content_diff(b, path, SPAN_NONE, json_get(input, "content"));
	else if (is_edit && json_type(path) == JSON_STRING)
		write_edits(b, input, path);
	else if (tool_is_question(name))
		write_questions(b, input);
	json_close(b, ']');
}

static void write_locations(struct buf *b, const char *name, struct span input,
			    struct span blocked_path)
{
	static const char *const members[] = {"file_path", "notebook_path", "path"};
	struct span path = SPAN_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(members) && json_type(path) != JSON_STRING; i++)
		path = json_get(input, members[i]);
	if (json_type(path) != JSON_STRING)
		path = blocked_path;
	if (json_type(path) != JSON_STRING)
		return;
	int64_t line = json_int_or(json_get(input, "offset"), 1);
	content_location(b, path, strcmp(name, "Read") != 0 ? 0 : line > 0 ? line : 1);
}

void tool_write_details(struct buf *b, const char *name, struct span input, const char *cwd,
			struct span blocked_path)
{
	write_title(b, name, input, cwd);
	write_content(b, name, input);
	write_locations(b, name, input, blocked_path);
}
