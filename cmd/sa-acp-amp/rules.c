#include "rules.h"

#include "adapter/adapter.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES "amp.permissions"
#define ALLOW_ALL "amp.dangerouslyAllowAll"

/* --- JSON with comments ------------------------------------------------------------------- */

/* The offset behind the string that begins at i. */
static size_t string_end(const struct buf *text, size_t i)
{
	for (i++; i < text->len && text->data[i] != '"'; i++)
		if (text->data[i] == '\\')
			i++;
	return i < text->len ? i + 1 : text->len;
}

/* The offset behind the comment that begins at i; i when none does. */
static size_t comment_end(const struct buf *text, size_t i)
{
	const char *p = text->data + i, *end;
	size_t n = text->len - i;
	if (n < 2 || p[0] != '/' || (p[1] != '/' && p[1] != '*'))
		return i;
	end = p[1] == '/' ? memchr(p, '\n', n) : memmem(p + 2, n - 2, "*/", 2);
	if (!end)
		return text->len;
	return (size_t)(end - text->data) + (p[1] == '/' ? 0 : 2);
}

void rules_plain_json(struct buf *text)
{
	size_t comma = SIZE_MAX; /* the last thing but blanks was this comma */
	for (size_t i = 0; i < text->len;) {
		size_t end = comment_end(text, i);
		char c = text->data[i];
		if (end > i) {
			memset(text->data + i, ' ', end - i);
			i = end;
			continue;
		}
		if ((c == '}' || c == ']') && comma != SIZE_MAX)
			text->data[comma] = ' ';
		if (!isspace((unsigned char)c))
			comma = c == ',' ? i : SIZE_MAX;
		i = c == '"' ? string_end(text, i) : i + 1;
	}
}

/* --- rules ----------------------------------------------------------------------------------- */

static void add_rule(struct buf *b, const char *tool, const char *action, const char *to)
{
	json_open(b, '{');
	json_kv_string(b, "tool", tool);
	json_kv_string(b, "action", action);
	json_kv_string(b, "to", to);
	json_close(b, '}');
}

/* A rule of the user's; one that asks would make Amp wait for ever here, so it delegates. */
static void add_user_rule(struct buf *b, struct span rule, const char *helper)
{
	struct json_iter it = json_iter(rule);
	struct span key, value;
	if (!json_string_is(json_get(rule, "action"), "ask")) {
		json_add_raw(b, rule);
		return;
	}
	json_open(b, '{');
	while (json_next(&it, &key, &value)) {
		cleanup_free char *name = json_string_dup(key);
		if (name && strcmp(name, "action") != 0 && strcmp(name, "to") != 0)
			json_kv_raw(b, name, value);
	}
	json_kv_string(b, "action", "delegate");
	json_kv_string(b, "to", helper);
	json_close(b, '}');
}

void rules_compose(struct buf *b, struct span user, const char *helper)
{
	struct json_iter it = json_iter(json_type(user) == JSON_OBJECT ? user : SPAN_NONE);
	struct json_iter rules = json_iter(json_get(user, RULES));
	struct span key, value;
	json_open(b, '{');
	while (json_next(&it, &key, &value)) {
		cleanup_free char *name = json_string_dup(key);
		if (name && strcmp(name, RULES) != 0 && strcmp(name, ALLOW_ALL) != 0)
			json_kv_raw(b, name, value);
	}
	json_key(b, RULES);
	json_open(b, '[');
	while (json_next(&rules, NULL, &value))
		if (json_type(value) == JSON_OBJECT)
			add_user_rule(b, value, helper);
	for (size_t i = 0; tool_that_reads(i); i++)
		add_rule(b, tool_that_reads(i), "allow", NULL);
	add_rule(b, "*", "delegate", helper);
	json_close(b, ']');
	json_close(b, '}');
	buf_addc(b, '\n');
}

/* --- files ----------------------------------------------------------------------------------- */

/* Where the user's settings are, as Amp looks for them; caller frees. NULL: nowhere. */
static char *user_file(void)
{
	const char *named = getenv("AMP_SETTINGS_FILE"), *config = getenv("XDG_CONFIG_HOME");
	cleanup_free char *home = dirs_home();
	cleanup_free char *folder = NULL;
	if (named && *named)
		return xstrdup(named);
	if (config && *config == '/')
		folder = xasprintf("%s/amp", config);
	else if (home)
		folder = xasprintf("%s/.config/amp", home);
	if (!folder)
		return NULL;
	cleanup_free char *path = xasprintf("%s/settings.json", folder);
	return access(path, F_OK) == 0 ? TAKE_PTR(path) : xasprintf("%s/settings.jsonc", folder);
}

static struct span read_user(struct adapter *adapter, struct buf *text)
{
	struct sa_error err = SA_ERROR_INIT;
	size_t bad_offset;
	cleanup_free char *path = user_file();
	if (!path || access(path, F_OK) < 0)
		return SPAN_NONE;
	if (io_read_file(path, text, &err) < 0) {
		adapter_log(adapter, "%s", err.message);
		return SPAN_NONE;
	}
	rules_plain_json(text);
	if (json_check(buf_span(text), &bad_offset) == 0)
		return span_trim(buf_span(text));
	adapter_log(adapter, "%s is left out: it is no JSON", path);
	return SPAN_NONE;
}

int rules_write(struct adapter *adapter, const char *path, const char *helper, struct sa_error *err)
{
	cleanup_buf struct buf user = BUF_INIT(RULES_FILE_BYTES), text = BUF_INIT(BUF_MAX_OWN);
	rules_compose(&text, read_user(adapter, &user), helper);
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write_all(fd, buf_span(&text)) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write '%s'", path);
	return 0;
}
