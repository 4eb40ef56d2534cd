#include "hunk.h"

#include "base/num.h"

#include <string.h>

void hunk_free(struct hunk *hunk)
{
	buf_free(&hunk->old_text);
	buf_free(&hunk->new_text);
}

/* Cut a line with its newline off the front. */
static struct span next_line(struct span *text)
{
	const char *newline = text->n ? memchr(text->p, '\n', text->n) : NULL;
	struct span line = {text->p, newline ? (size_t)(newline + 1 - text->p) : text->n};
	text->p += line.n;
	text->n -= line.n;
	return line;
}

/* The number behind '+' in "@@ -1,3 +1,3 @@", 0 when there is none. */
static int64_t new_line_number(struct span header)
{
	const char *plus = memchr(header.p, '+', header.n);
	if (!plus)
		return 0;
	struct span digits = {plus + 1, 0};
	const char *end = header.p + header.n;
	while (digits.p + digits.n < end && digits.p[digits.n] >= '0' && digits.p[digits.n] <= '9')
		digits.n++;
	int64_t number;
	return num_parse_i64(digits, 0, INT64_MAX, &number) == 0 ? number : 0;
}

/* "\ No newline at end of file": the line before has none. */
static void drop_newline(struct buf *text)
{
	if (text->len && text->data[text->len - 1] == '\n')
		text->data[--text->len] = '\0';
}

bool hunk_next(struct span *diff, struct hunk *ret)
{
	while (diff->n && !span_starts_with(*diff, "@@"))
		next_line(diff);
	if (diff->n == 0)
		return false;
	buf_clear(&ret->old_text);
	buf_clear(&ret->new_text);
	ret->line = new_line_number(next_line(diff));
	char last = ' ';
	while (diff->n && !span_starts_with(*diff, "@@")) {
		struct span line = next_line(diff);
		char mark = line.p[0];
		struct span rest = mark == '\n' ? line : (struct span){line.p + 1, line.n - 1};
		if (mark == '\\') {
			if (last != '+')
				drop_newline(&ret->old_text);
			if (last != '-')
				drop_newline(&ret->new_text);
			continue;
		}
		if (mark != '+')
			buf_add_span(&ret->old_text, rest);
		if (mark != '-')
			buf_add_span(&ret->new_text, rest);
		last = mark;
	}
	return true;
}
