/*
 * The line splitter against a naive one: whatever the limit and the chunks,
 * the same lines come out. Input: two bytes that choose limit and chunking,
 * then the stream.
 */
#include "base/xalloc.h"
#include "fuzz.h"
#include "json/lines.h"

enum { LIMIT_MAX = 2048 };

/* What the naive splitter says of the line at p. */
static struct span naive_line(const char *p, const char *end)
{
	const char *newline = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	return (struct span){p, (size_t)((newline ? newline : end) - p)};
}

/* Compare what the splitter gave with the line at *at, and step over that line. */
static void compare(const struct lines *l, enum lines_result r, struct span got, const char **at,
		    const char *end)
{
	struct span want = naive_line(*at, end);
	fuzz_require(*at < end);
	if (want.n > l->limit) {
		fuzz_require(r == LINES_TOO_LONG && l->skipped_bytes == want.n);
		want.n = want.n < LINES_HEAD_BYTES ? want.n : LINES_HEAD_BYTES;
	} else {
		fuzz_require(r == LINES_LINE);
	}
	fuzz_require(span_equal(got, want));
	*at = naive_line(*at, end).p + naive_line(*at, end).n + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct lines l;
	lines_init(&l, (size_t)data[0] * data[0] % (LIMIT_MAX + 1));
	uint32_t chunk_seed = data[1];
	const char *p = (const char *)data + 2, *end = (const char *)data + size, *at = p;
	struct span line;
	enum lines_result r;
	while (p < end) {
		chunk_seed = chunk_seed * 1103515245u + 12345u;
		size_t n = data[1] == 0 ? (size_t)(end - p) : 1 + (chunk_seed >> 16) % data[1];
		n = n < (size_t)(end - p) ? n : (size_t)(end - p);
		char *copy = xmemdup0(p, n); /* gone after the chunk: stale pointers show */
		lines_feed(&l, (struct span){copy, n});
		while ((r = lines_next(&l, &line)) != LINES_MORE)
			compare(&l, r, line, &at, end);
		free(copy);
		fuzz_require(l.pending.len <= l.limit || l.pending.len <= LINES_HEAD_BYTES);
		p += n;
	}
	while ((r = lines_end(&l, &line)) != LINES_MORE)
		compare(&l, r, line, &at, end);
	fuzz_require(at >= end);
	lines_free(&l);
	return 0;
}
