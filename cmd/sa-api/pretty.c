#include "pretty.h"

#include <stdbool.h>

/* Deeper levels stand no further to the right. */
enum { INDENT_MAX = 64 };

static void new_line(FILE *out, int depth)
{
	fprintf(out, "\n%*s", 2 * (depth < INDENT_MAX ? depth : INDENT_MAX), "");
}

static size_t skip_blanks(struct span json, size_t at)
{
	while (at < json.n && memchr(" \t\r\n", json.p[at], 4))
		at++;
	return at;
}

/* Behind the closing quote of the string that begins at at. */
static size_t skip_string(struct span json, size_t at)
{
	for (at++; at < json.n && json.p[at] != '"'; at++)
		at += json.p[at] == '\\';
	return at + 1 < json.n ? at + 1 : json.n;
}

void pretty_print(FILE *out, struct span json)
{
	int depth = 0;
	for (size_t at = skip_blanks(json, 0); at < json.n;) {
		char c = json.p[at];
		size_t next = at + 1;
		switch (c) {
		case '{':
		case '[':
			next = skip_blanks(json, next);
			putc(c, out);
			if (next < json.n && (json.p[next] == '}' || json.p[next] == ']'))
				putc(json.p[next++], out);
			else
				new_line(out, ++depth);
			break;
		case '}':
		case ']':
			new_line(out, --depth);
			putc(c, out);
			break;
		case ',':
			putc(c, out);
			new_line(out, depth);
			break;
		case ':':
			fputs(": ", out);
			break;
		case '"':
			next = skip_string(json, at);
			fwrite(json.p + at, 1, next - at, out);
			break;
		default:
			putc(c, out);
		}
		at = skip_blanks(json, next);
	}
	putc('\n', out);
}
