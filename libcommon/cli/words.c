#include "cli/words.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void words_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

/* Read one word from *p. 0, or -1 on an open quote. */
static int read_word(const char **p, struct buf *word)
{
	char quote = 0;
	for (; **p && (quote || !strchr(" \t\n", **p)); (*p)++) {
		char c = **p;
		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? 0 : c;
			continue;
		}
		bool is_escape = c == '\\' && (*p)[1] &&
				 (quote == 0 || (quote == '"' && strchr("\"\\$`", (*p)[1])));
		if (is_escape)
			c = *++*p;
		buf_addc(word, c);
	}
	return quote ? -1 : 0;
}

char **words_split(const char *text, struct sa_error *err)
{
	char **words = xcalloc(1, sizeof(*words));
	size_t count = 0;
	for (const char *p = text;;) {
		p += strspn(p, " \t\n");
		if (!*p)
			break;
		struct buf word = BUF_INIT(BUF_MAX_OWN);
		int rc = read_word(&p, &word);
		words = xreallocarray(words, count + 2, sizeof(*words));
		words[count++] = buf_take(&word);
		words[count] = NULL;
		if (rc < 0) {
			words_free(words);
			error_set(err, PROBLEM_INVALID_REQUEST, "a quote is open at the end of: %s",
				  text);
			return NULL;
		}
	}
	if (count)
		return words;
	words_free(words);
	error_set(err, PROBLEM_INVALID_REQUEST, "a command is wanted, got only blanks");
	return NULL;
}

char **words_of_command(const char *text, struct sa_error *err)
{
	char **words = words_split(text, err);
	if (!words)
		return NULL;
	cleanup_free char *found = dirs_find_on_path(words[0]);
	cleanup_free char *here = getcwd(NULL, 0);
	if (!found || !here || access(found, X_OK) != 0) {
		error_set(err, PROBLEM_NOT_FOUND, "no program '%s'", words[0]);
		words_free(words);
		return NULL;
	}
	free(words[0]);
	words[0] = *found == '/' ? TAKE_PTR(found) : xasprintf("%s/%s", here, found);
	return words;
}

static void add_quoted(struct buf *b, const char *word)
{
	buf_addc(b, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *word);
	buf_addc(b, '\'');
}

char *words_join(char *const *words)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	for (; *words; words++) {
		if (b.len)
			buf_addc(&b, ' ');
		if (**words && !strpbrk(*words, " \t\n'\"\\"))
			buf_adds(&b, *words);
		else
			add_quoted(&b, *words);
	}
	return buf_take(&b);
}
