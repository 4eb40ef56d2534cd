#include "policy/facts.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* --- paths ----------------------------------------------------------------------- */

/* Append the components of rest to an absolute path without a final slash, "." and ".." resolved
 * by their letters. */
static void add_components(struct buf *path, const char *rest)
{
	while (*rest) {
		size_t n = strcspn(rest, "/");
		if (n == 2 && strncmp(rest, "..", 2) == 0) {
			while (path->len && path->data[path->len - 1] != '/')
				path->len--;
			path->len -= path->len ? 1 : 0;
			if (path->data)
				path->data[path->len] = '\0';
		} else if (n > 0 && !(n == 1 && *rest == '.')) {
			buf_addc(path, '/');
			buf_add(path, rest, n);
		}
		rest += n;
		rest += strspn(rest, "/");
	}
}

char *facts_resolve(const char *cwd, const char *path)
{
	cleanup_free char *whole =
	    path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", cwd ? cwd : "", path);
	size_t end = strlen(whole);
	/* The longest part in front that exists is resolved by the kernel's rules; what does not
	 * exist yet has no links in it. */
	while (end > 0) {
		cleanup_free char *front = xmemdup0(whole, end);
		cleanup_free char *real = realpath(front, NULL);
		if (real) {
			struct buf result = BUF_INIT(BUF_MAX_OWN);
			buf_adds(&result, strcmp(real, "/") == 0 ? "" : real);
			add_components(&result, whole + end);
			return result.len ? buf_take(&result) : (buf_free(&result), xstrdup("/"));
		}
		do
			end--;
		while (end > 0 && whole[end] != '/');
	}
	struct buf result = BUF_INIT(BUF_MAX_OWN);
	add_components(&result, whole);
	return result.len ? buf_take(&result) : (buf_free(&result), xstrdup("/"));
}

bool facts_is_inside(const char *cwd, const char *path)
{
	if (!cwd)
		return false;
	cleanup_free char *root = facts_resolve("/", cwd);
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
	return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* text: a JSON string, or nothing. */
static void add_path(struct facts *f, struct span text)
{
	cleanup_free char *path = json_string_dup(text);
	if (!path || !*path)
		return;
	cleanup_free char *resolved = facts_resolve(f->cwd, path);
	for (size_t i = 0; i < f->path_count; i++)
		if (strcmp(f->paths[i], resolved) == 0)
			return;
	if (f->path_count == FACTS_PATHS_MAX) {
		f->has_all_paths = false;
		return;
	}
	f->paths = xreallocarray(f->paths, f->path_count + 1, sizeof(*f->paths));
	f->paths[f->path_count++] = TAKE_PTR(resolved);
}

static void read_paths(struct facts *f, struct span call)
{
	static const char *const names[] = {"file_path", "filepath",   "filePath",
					    "path",	 "abs_path",   "notebook_path",
					    "source",	 "destination"};
	struct span input = json_get(call, "rawInput");
	struct span item, key;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add_path(f, json_get(input, names[i]));
	struct json_iter it = json_iter(json_get(call, "locations"));
	while (json_next(&it, NULL, &item))
		add_path(f, json_get(item, "path"));
	it = json_iter(json_get(call, "content"));
	while (json_next(&it, NULL, &item))
		if (json_string_is(json_get(item, "type"), "diff"))
			add_path(f, json_get(item, "path"));
	/* Codex: {"changes":{"/path":{...}}} */
	it = json_iter(json_get(input, "changes"));
	while (it.is_object && json_next(&it, &key, &item))
		add_path(f, key);
}

/* --- commands ---------------------------------------------------------------------- */

/* ["bash","-lc","X"] is X; other arrays are their words. */
static char *command_of_words(struct span words)
{
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	struct span item, last = SPAN_NONE;
	cleanup_free char *first = NULL;
	cleanup_free char *second = NULL;
	int count = 0;
	struct json_iter it = json_iter(words);
	for (; json_next(&it, NULL, &item); count++) {
		if (count == 0)
			first = json_string_dup(item);
		if (count == 1)
			second = json_string_dup(item);
		if (count)
			buf_addc(&text, ' ');
		json_string_add(&text, item);
		last = item;
	}
	const char *slash = first ? strrchr(first, '/') : NULL;
	const char *name = slash ? slash + 1 : first;
	bool is_shell = count == 3 && name && second && strchr(second, 'c') && second[0] == '-' &&
			(strcmp(name, "sh") == 0 || strcmp(name, "bash") == 0 ||
			 strcmp(name, "zsh") == 0 || strcmp(name, "dash") == 0);
	if (is_shell) {
		buf_free(&text);
		return json_string_dup(last);
	}
	return count ? buf_take(&text) : NULL;
}

static char *command_of_input(struct span input)
{
	static const char *const names[] = {"command", "cmd"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct span value = json_get(input, names[i]);
		if (json_type(value) == JSON_STRING)
			return json_string_dup(value);
		if (json_type(value) == JSON_ARRAY)
			return command_of_words(value);
	}
	return NULL;
}

/* --- the request ----------------------------------------------------------------------- */

static bool has_diff(struct span call)
{
	struct span item;
	struct json_iter it = json_iter(json_get(call, "content"));
	while (json_next(&it, NULL, &item))
		if (json_string_is(json_get(item, "type"), "diff"))
			return true;
	return false;
}

static char *tool_name(struct span call)
{
	char *name = json_string_dup(json_get(call, "name"));
	if (!name)
		name = json_string_dup(json_path(call, "_meta.claudeCode.toolName"));
	if (!name)
		name = json_string_dup(json_path(call, "_meta.toolName"));
	return name;
}

/* "mcp__server__tool" as "server/tool"; NULL for other names. */
static char *mcp_name(const char *name)
{
	const char *server = name && strncmp(name, "mcp__", 5) == 0 ? name + 5 : NULL;
	const char *tool = server ? strstr(server, "__") : NULL;
	return tool ? xasprintf("%.*s/%s", (int)(tool - server), server, tool + 2) : NULL;
}

static void read_call(struct facts *f, struct span call)
{
	cleanup_free char *title = json_string_dup(json_get(call, "title"));
	f->kind = json_string_dup(json_get(call, "kind"));
	f->tool = tool_name(call);
	f->mcp = mcp_name(f->tool ? f->tool : title);
	f->command = command_of_input(json_get(call, "rawInput"));
	/* Some agents leave the kind out of the request. */
	if (!f->kind)
		f->kind = xstrdup(f->command ? "execute" : has_diff(call) ? "edit" : "other");
	if (!f->command && strcmp(f->kind, "execute") == 0) {
		f->command = TAKE_PTR(title);
		f->is_command_title = true;
	}
	/* Qwen Code: a question that comes as a permission. */
	f->is_question = json_path(call, "_meta.qwenQuestions").p != NULL;
	read_paths(f, call);
}

void facts_read(struct span request, const char *agent, const char *cwd, struct facts *ret)
{
	*ret =
	    (struct facts){.agent = agent, .cwd = cwd, .request = request, .has_all_paths = true};
	if (json_string_is(json_get(request, "method"), "session/request_permission"))
		read_call(ret, json_path(request, "params.toolCall"));
	else
		ret->is_question = true;
}

void facts_clear(struct facts *f)
{
	for (size_t i = 0; i < f->path_count; i++)
		free(f->paths[i]);
	free(f->paths);
	free(f->kind);
	free(f->tool);
	free(f->mcp);
	free(f->command);
	*f = (struct facts){.agent = NULL};
}
