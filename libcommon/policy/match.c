#include "policy/match.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 256 }; /* of a command, where its own name is looked for */

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

/* Is the word what stands in front of a command's own name? */
static bool is_in_front(const char *word, size_t n)
{
	static const char *const words[] = {
	    "sudo", "doas", "env",  "command", "exec", "nohup", "time", "timeout", "nice", "ionice",
	    "setsid", "stdbuf", "xargs", "find", "eval", "sh", "bash", "dash", "zsh",
	    /* of the shell's own language */
	    "if", "then", "elif", "else", "while", "until", "do", "!"};
	const char *slash = memrchr(word, '/', n);
	const char *equals = memchr(word, '=', n);
	if (equals && equals > word && (isalpha((unsigned char)*word) || *word == '_'))
		return true;
	const char *name = slash ? slash + 1 : word;
	n -= (size_t)(name - word);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (n == strlen(words[i]) && strncmp(name, words[i], n) == 0)
			return true;
	return false;
}

/* A command without what ends its piece, and without the folder it is in. */
static bool command_matches(const char *pattern, const char *command)
{
	cleanup_free char *text = xstrdup(command);
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

/* One piece of a command line, with what stands in front of its command, and without. Behind
 * options ("sudo -u root", "timeout 5", "find . -exec") the command may begin at any word. */
static bool piece_matches(const char *pattern, const char *piece)
{
	bool is_open = false;
	const char *p = piece;
	for (int words = 0; words < WORDS_MAX; words++) {
		p += strspn(p, " \t\"'");
		if (*p && command_matches(pattern, p))
			return true;
		size_t n = strcspn(p, " \t");
		if (!*p || (!is_open && !is_in_front(p, n)))
			return false;
		bool is_find = n >= 4 && strncmp(p + n - 4, "find", 4) == 0;
		p += n;
		const char *next = p + strspn(p, " \t");
		is_open = is_open || is_find || *next == '-' || isdigit((unsigned char)*next);
	}
	return true; /* too much to look at */
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
