#include "cli/words.h"

#include "base/buf.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

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
