/* max: 20000 */
/*
 * The chunked decoder in one piece, byte by byte and in pieces: the same
 * verdict, body and rest. Its output, written again by http_chunk_add(),
 * decodes to itself. Input: a byte that chooses limit and pieces, then the
 * body.
 */
#include "fuzz.h"
#include "http/chunked.h"
#include "http/response.h"

struct outcome {
	enum http_verdict verdict;
	struct http_refusal refusal;
	struct buf body;
	size_t used;
};

static void run(struct outcome *o, struct span in, uint64_t limit, size_t step)
{
	struct http_chunked c;
	*o = (struct outcome){.verdict = HTTP_MORE, .body = BUF_INIT(BUF_MAX_OWN)};
	http_chunked_init(&c, limit);
	while (o->used < in.n && o->verdict == HTTP_MORE) {
		size_t n = in.n - o->used < step ? in.n - o->used : step;
		char *copy = malloc(n);
		memcpy(copy, in.p + o->used, n);
		struct span piece = {copy, n}, data;
		do {
			o->verdict = http_chunked_decode(&c, &piece, &data, &o->refusal);
			if (o->verdict == HTTP_DATA) {
				fuzz_require(data.n && data.p >= copy &&
					     data.p + data.n <= copy + n);
				buf_add_span(&o->body, data);
			}
		} while (o->verdict == HTTP_DATA);
		fuzz_require(o->verdict != HTTP_MORE || piece.n == 0);
		o->used += n - piece.n;
		free(copy);
	}
	fuzz_require(o->body.len <= limit);
}

static void compare(const struct outcome *a, struct outcome *b)
{
	fuzz_require(a->verdict == b->verdict && a->used == b->used);
	fuzz_require(a->verdict != HTTP_BAD || a->refusal.status == b->refusal.status);
	fuzz_require(span_equal(buf_span(&a->body), buf_span(&b->body)));
	buf_free(&b->body);
}

static void check_round(const struct outcome *o)
{
	struct outcome again;
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	http_chunk_add(&b, buf_span(&o->body));
	http_chunk_end(&b);
	run(&again, buf_span(&b), o->body.len, b.len);
	fuzz_require(again.verdict == HTTP_OK && again.used == b.len);
	fuzz_require(span_equal(buf_span(&again.body), buf_span(&o->body)));
	buf_free(&again.body);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, other;
	if (size < 2)
		return 0;
	struct span in = {(const char *)data + 1, size - 1};
	uint64_t limit = data[0] == 255 ? UINT64_MAX : data[0] * 64u;
	run(&whole, in, limit, in.n);
	run(&other, in, limit, 1);
	compare(&whole, &other);
	run(&other, in, limit, 1 + data[0] % 31u);
	compare(&whole, &other);
	if (whole.verdict == HTTP_OK)
		check_round(&whole);
	buf_free(&whole.body);
	return 0;
}
