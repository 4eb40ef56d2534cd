#include "npmrc.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/spawn.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ENV_PREFIX "npm_config_"

extern char **environ;

void npmrc_clear(struct npmrc *rc)
{
	for (size_t i = 0; i < rc->count; i++) {
		free(rc->entries[i].key);
		free(rc->entries[i].value);
	}
	free(rc->entries);
	*rc = (struct npmrc){NULL, 0};
}

const char *npmrc_get(const struct npmrc *rc, const char *key)
{
	for (size_t i = 0; i < rc->count; i++)
		if (strcmp(rc->entries[i].key, key) == 0)
			return rc->entries[i].value;
	return NULL;
}

static void add(struct npmrc *rc, char *key, char *value)
{
	rc->entries = xreallocarray(rc->entries, rc->count + 1, sizeof(*rc->entries));
	rc->entries[rc->count++] = (struct npmrc_entry){key, value};
}

/* "npm_config_https_proxy" is "https-proxy"; npm takes the names in any case. Keys that begin
 * with "//" or "@" are exact. */
static void add_environment(struct npmrc *rc)
{
	size_t prefix = strlen(ENV_PREFIX);
	for (char **entry = environ; *entry; entry++) {
		size_t n = strcspn(*entry, "=");
		if (strncasecmp(*entry, ENV_PREFIX, prefix) != 0 || (*entry)[n] != '=' ||
		    (*entry)[n + 1] == '\0')
			continue;
		char *key = xmemdup0(*entry + prefix, n - prefix);
		if (key[0] != '/' && key[0] != '@')
			for (char *p = key; *p; p++)
				*p = *p == '_'		      ? '-'
				     : *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a')
							      : *p;
		add(rc, key, xstrdup(*entry + n + 1));
	}
}

/* "${NAME}" becomes the variable; one that is not set stays as it is, as in npm. */
static char *expand(struct span text)
{
	struct buf out = BUF_INIT(NPMRC_MAX_BYTES);
	buf_adds(&out, "");
	while (text.n) {
		const char *end = text.n > 2 && text.p[0] == '$' && text.p[1] == '{'
				      ? memchr(text.p, '}', text.n)
				      : NULL;
		if (end) {
			size_t n = (size_t)(end - text.p);
			cleanup_free char *name = xmemdup0(text.p + 2, n - 2);
			const char *value = getenv(name);
			if (value) {
				buf_adds(&out, value);
				text.p += n + 1;
				text.n -= n + 1;
				continue;
			}
		}
		buf_addc(&out, *text.p);
		text.p++;
		text.n--;
	}
	return buf_take(&out);
}

/* A value in no quotes ends before a comment; a backslash keeps the character. */
static struct span without_comment(struct span value)
{
	for (size_t i = 0; i < value.n; i++)
		if (strchr(";#", value.p[i]) && (i == 0 || value.p[i - 1] != '\\'))
			return span_trim((struct span){value.p, i});
	return value;
}

static void add_line(struct npmrc *rc, struct span line)
{
	line = span_trim(line);
	const char *equals = line.n ? memchr(line.p, '=', line.n) : NULL;
	if (!equals || line.p[0] == '#' || line.p[0] == ';')
		return;
	struct span key = span_trim((struct span){line.p, (size_t)(equals - line.p)});
	struct span value =
	    span_trim((struct span){equals + 1, (size_t)(line.p + line.n - equals - 1)});
	if (value.n && value.p[0] != '"' && value.p[0] != '\'')
		value = without_comment(value);
	if (value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') &&
	    value.p[value.n - 1] == value.p[0])
		value = (struct span){value.p + 1, value.n - 2};
	add(rc, xmemdup0(key.p, key.n), expand(value));
}

/* Of a key that stands there twice npm takes the last: the first that is found here. */
static void add_text(struct npmrc *rc, const char *text)
{
	size_t first = rc->count;
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		add_line(rc, (struct span){p, n});
		p += n + (p[n] == '\n');
	}
	for (size_t last = rc->count; first + 1 < last; first++, last--) {
		struct npmrc_entry entry = rc->entries[first];
		rc->entries[first] = rc->entries[last - 1];
		rc->entries[last - 1] = entry;
	}
}

static void add_file(struct npmrc *rc, const char *path)
{
	cleanup_buf struct buf text = BUF_INIT(NPMRC_MAX_BYTES);
	struct sa_error ignored;
	if (path && io_read_file(path, &text, &ignored) == 0)
		add_text(rc, text.data ? text.data : "");
}

void npmrc_read(struct npmrc *rc, bool has_project)
{
	*rc = (struct npmrc){NULL, 0};
	add_environment(rc);
	if (has_project)
		add_file(rc, ".npmrc");
	cleanup_free char *home = dirs_home();
	cleanup_free char *user = home ? xasprintf("%s/.npmrc", home) : NULL;
	const char *named = npmrc_get(rc, "userconfig");
	add_file(rc, named ? named : user);
	named = npmrc_get(rc, "globalconfig");
	if (named) {
		add_file(rc, named);
		return;
	}
	const char *prefix = npmrc_get(rc, "prefix");
	cleanup_free char *below = prefix ? xasprintf("%s/etc/npmrc", prefix) : NULL;
	add_file(rc, below);
	add_file(rc, "/usr/local/etc/npmrc");
	add_file(rc, "/usr/etc/npmrc");
	add_file(rc, "/etc/npmrc");
}

/* What "npm config get registry" says; NULL: npm is not there. The caller frees. */
static char *ask_npm(void)
{
	struct sa_error ignored;
	cleanup_free char *npm = dirs_find_on_path("npm");
	int ends[2];
	if (!npm || pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	cleanup_close int read_end = ends[0];
	cleanup_close int write_end = ends[1];
	char *const argv[] = {npm, (char *)(uintptr_t) "config", (char *)(uintptr_t) "get",
			      (char *)(uintptr_t) "registry", NULL};
	struct spawn spawn = SPAWN_INIT;
	spawn.path = npm;
	spawn.argv = argv;
	spawn.cwd = "/";
	spawn.fds[1] = write_end;
	spawn.parent_death_signal = SIGKILL;
	pid_t pid = spawn_start(&spawn, &ignored);
	close(TAKE_FD(write_end));
	cleanup_buf struct buf text = BUF_INIT(NPMRC_MAX_BYTES);
	if (pid < 0 || io_read_all(read_end, &text, "npm", &ignored) < 0 || spawn_wait(pid) != 0)
		return NULL;
	struct span url = span_trim(buf_span(&text));
	return span_starts_with(url, "http") ? xmemdup0(url.p, url.n) : NULL;
}

char *npmrc_registry(struct npmrc *rc, const char *package, struct sa_error *err)
{
	const char *found = NULL;
	if (package[0] == '@') {
		size_t scope = strcspn(package, "/");
		cleanup_free char *key = xasprintf("%.*s:registry", (int)scope, package);
		found = npmrc_get(rc, key);
	}
	if (!found)
		found = npmrc_get(rc, "registry");
	if (!found) {
		char *answer = ask_npm();
		if (answer)
			add(rc, xstrdup("registry"), answer);
		found = answer;
	}
	if (!found) {
		error_set(err, PROBLEM_INSTALL_FAILED,
			  "no package registry is named: set NPM_CONFIG_REGISTRY=https://..., or "
			  "\"registry=https://...\" in ~/.npmrc, or use --from FILE");
		return NULL;
	}
	size_t n = strlen(found);
	while (n > 0 && found[n - 1] == '/')
		n--;
	return xmemdup0(found, n);
}

/* The value of "//HOST/PATH:WHAT" with the longest address that url lies below. */
static const char *below(const struct npmrc *rc, const char *url, const char *what)
{
	const char *best = NULL;
	size_t best_length = 0, suffix = strlen(what);
	for (size_t i = 0; i < rc->count; i++) {
		const char *key = rc->entries[i].key;
		size_t n = strlen(key);
		if (n <= suffix + 2 || strncmp(key, "//", 2) != 0 ||
		    strcmp(key + n - suffix, what) != 0)
			continue;
		n -= suffix;
		while (n > 2 && key[n - 1] == '/')
			n--;
		bool is_below = strncmp(key, url, n) == 0 && (url[n] == '/' || url[n] == '\0');
		if (is_below && n > best_length) {
			best = rc->entries[i].value;
			best_length = n;
		}
	}
	return best;
}

void npmrc_login(const struct npmrc *rc, const char *url, const char **ret_token,
		 const char **ret_basic)
{
	const char *address = strstr(url, "//");
	*ret_token = address ? below(rc, address, ":_authToken") : NULL;
	*ret_basic = address && !*ret_token ? below(rc, address, ":_auth") : NULL;
}
