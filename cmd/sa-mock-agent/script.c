#include "script.h"

#include <stdlib.h>

void script_init(struct script *script, char *text)
{
	*script = (struct script){.text = text, .len = strlen(text)};
}

void script_free(struct script *script)
{
	free(script->text);
	*script = (struct script){0};
}

bool script_next(struct script *script, struct span *ret_line)
{
	while (script->pos < script->len) {
		char *start = script->text + script->pos, *to = start;
		while (script->pos < script->len) {
			char c = script->text[script->pos++];
			if (c == '\n' || c == ';')
				break;
			if (c == '\\' && script->pos < script->len &&
			    script->text[script->pos] == ';')
				c = script->text[script->pos++];
			*to++ = c;
		}
		struct span line = span_trim((struct span){start, (size_t)(to - start)});
		if (line.n) {
			*ret_line = line;
			return true;
		}
	}
	return false;
}

struct span script_word(struct span text, struct span *ret_rest)
{
	struct span all = span_trim(text);
	size_t n = 0;
	while (n < all.n && !memchr(" \t\r\n", all.p[n], 4))
		n++;
	if (ret_rest)
		*ret_rest = span_trim((struct span){all.p + n, all.n - n});
	return (struct span){all.p, n};
}
