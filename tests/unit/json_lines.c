#include "base/xalloc.h"
#include "json/lines.h"
#include "tap.h"

/* What came out, as text: "<line>" or "!head/length!" for a too long one. */
static void collect(struct lines *l, struct buf *out, bool is_end)
{
	struct span line;
	enum lines_result r;
	while ((r = is_end ? lines_end(l, &line) : lines_next(l, &line)) != LINES_MORE) {
		if (r == LINES_LINE)
			buf_addf(out, "<%.*s>", SPAN_ARG(line));
		else
			buf_addf(out, "!%zu/%llu!", line.n, (unsigned long long)l->skipped_bytes);
	}
}

/* Feed text in pieces; each piece is a copy of exact size, so that a stale pointer shows. */
static void split(struct lines *l, struct buf *out, const char *text, size_t first, size_t step)
{
	size_t n = strlen(text);
	for (size_t at = 0; at < n;) {
		size_t piece = at == 0 && first ? first : step;
		piece = piece < n - at ? piece : n - at;
		char *copy = xmalloc(piece);
		memcpy(copy, text + at, piece);
		lines_feed(l, (struct span){copy, piece});
		collect(l, out, false);
		free(copy);
		at += piece;
	}
	collect(l, out, true);
}

static void check(size_t limit, const char *text, const char *want, const char *name)
{
	size_t n = strlen(text);
	bool is_right = true;
	struct buf out = BUF_INIT(100000);
	for (size_t first = 0; first <= n; first++)
		for (size_t step = 1; step <= n + 1; step++) {
			struct lines l;
			lines_init(&l, limit);
			buf_clear(&out);
			split(&l, &out, text, first, step);
			if (is_right && !span_is(buf_span(&out), want)) {
				is_right = false;
				fprintf(stderr, "# first %zu step %zu: %s\n", first, step, out.data);
			}
			lines_free(&l);
		}
	ok(is_right, "%s, however it is cut", name);
	buf_free(&out);
}

static void long_heads(void)
{
	/* Above the head's size the report keeps its first bytes only. */
	struct lines l;
	lines_init(&l, 1000);
	char chunk[700];
	memset(chunk, 'a', sizeof(chunk));
	struct span line;
	lines_feed(&l, (struct span){chunk, sizeof(chunk)});
	is_int(lines_next(&l, &line), LINES_MORE, "a part of a line waits");
	lines_feed(&l, (struct span){chunk, sizeof(chunk)});
	is_int(lines_next(&l, &line), LINES_MORE, "beyond the limit still nothing comes");
	ok(l.pending.len <= LINES_HEAD_BYTES, "and only the head is kept");
	is_int(l.pending.data[l.pending.len], 0, "with a NUL behind");
	for (int i = 0; i < 100; i++) {
		lines_feed(&l, (struct span){chunk, sizeof(chunk)});
		lines_next(&l, &line);
	}
	ok(l.pending.cap <= LINES_HEAD_BYTES * 4, "memory stays small while skipping");
	lines_feed(&l, SPAN_LIT("a\nnext\n"));
	is_int(lines_next(&l, &line), LINES_TOO_LONG, "the newline brings the report");
	is_int(line.n, LINES_HEAD_BYTES, "with the head");
	is_int(l.skipped_bytes, 102 * 700 + 1, "and the whole length");
	is_int(lines_next(&l, &line), LINES_LINE, "the stream goes on");
	is_text(line, "next", "with the next line");
	is_int(lines_next(&l, &line), LINES_MORE, "and no more");
	lines_free(&l);
}

static void bytes(void)
{
	struct lines l;
	struct span line;
	lines_init(&l, 100);
	lines_feed(&l, (struct span){"a\0b\n", 4});
	is_int(lines_next(&l, &line), LINES_LINE, "a line with NUL");
	is_span(line, ((struct span){"a\0b", 3}), "comes whole");
	is_int(lines_next(&l, &line), LINES_MORE, "then nothing");
	is_int(lines_end(&l, &line), LINES_MORE, "nothing at the end either");
	lines_free(&l);
	const char *chunk = "whole\n";
	lines_feed(&l, span_of(chunk));
	lines_next(&l, &line);
	ok(line.p == chunk, "a line within one chunk is not copied");
	lines_free(&l);
}

int main(void)
{
	check(100, "a\nbc\n\ndef\n", "<a><bc><><def>", "lines");
	check(100, "a\nbc", "<a><bc>", "a last line without newline");
	check(100, "\n\n\n", "<><><>", "empty lines");
	check(100, "a\r\n\r\nb\r", "<a\r><\r><b\r>", "carriage returns belong to the line");
	check(100, "", "", "an empty stream");
	check(4, "abcd\nefgh\n", "<abcd><efgh>", "lines at the limit");
	check(4, "abcd", "<abcd>", "a last line at the limit");
	check(4, "abcde\nf\n", "!5/5!<f>", "a line one above the limit");
	check(4, "a\nbcdefgh\ni", "<a>!7/7!<i>", "a long line between short ones");
	check(4, "abcdefgh", "!8/8!", "a long last line without newline");
	check(4, "abcdefgh\nijklmno\n\n", "!8/8!!7/7!<>", "two long lines in a row");
	check(0, "\na\n\n", "<>!1/1!<>", "a limit of zero lets empty lines through");
	long_heads();
	bytes();
	return done_testing();
}
