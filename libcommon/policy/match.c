#include "policy/match.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

bool match_glob(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}

bool match_path_glob(const char *cwd, const char *pattern, const char *path)
{
	if (pattern[0] == '/')
		return match_glob(pattern, path);
	cleanup_free char *root = cwd ? realpath(cwd, NULL) : NULL;
	if (!root && !cwd)
		return false;
	/* What is in cwd's name is no pattern. */
	const char *base = root ? root : cwd;
	size_t n = strcmp(base, "/") == 0 ? 0 : strlen(base);
	return strncmp(path, base, n) == 0 && path[n] == '/' && match_glob(pattern, path + n + 1);
}

bool match_has_shell_syntax(const char *text)
{
	return strpbrk(text, ";&|<>`\n\r(){}") || strchr(text, '$');
}

/* Skip what stands in front of a command's own name. */
static const char *command_start(const char *p)
{
	static const char *const wrappers[] = {"sudo", "env", "command", "exec", "nohup", "time"};
	for (;;) {
		p += strspn(p, " \t\"'");
		size_t n = strcspn(p, " \t");
		const char *equals = memchr(p, '=', n);
		bool is_skipped = equals && equals > p && (isalpha((unsigned char)*p) || *p == '_');
		for (size_t i = 0; i < ARRAY_SIZE(wrappers) && !is_skipped; i++)
			is_skipped =
			    n == strlen(wrappers[i]) && strncmp(p, wrappers[i], n) == 0 && p[n];
		if (!is_skipped)
			return p;
		p += n;
	}
}

/* One piece of a command line, and its command without the folder it is in. */
static bool piece_matches(const char *pattern, const char *piece)
{
	const char *start = command_start(piece);
	cleanup_free char *text = xstrdup(start);
	size_t n = strlen(text);
	while (n && strchr(" \t\"')", text[n - 1]))
		text[--n] = '\0';
	if (n == 0)
		return false;
	if (match_glob(pattern, text))
		return true;
	size_t word = strcspn(text, " \t");
	const char *slash = memrchr(text, '/', word);
	return slash && match_glob(pattern, slash + 1);
}

bool match_any_command(const char *pattern, const char *text)
{
	if (match_glob(pattern, text))
		return true;
	cleanup_free char *copy = xstrdup(text);
	char *p = copy;
	while (*p) {
		size_t n = strcspn(p, ";&|\n\r`(){}");
		char *next = p[n] ? p + n + 1 : p + n;
		p[n] = '\0';
		if (piece_matches(pattern, p))
			return true;
		p = next;
	}
	return false;
}
