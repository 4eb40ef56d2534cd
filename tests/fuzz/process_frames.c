/* max: 16384 */
/*
 * What a terminal's client sends, and old output on its way to it: whatever
 * the pieces, the same comes out, never more than went in, and nothing that
 * was let through at once is taken out the second time.
 */
#include "fuzz.h"

#include "../../cmd/sa-process/frames.c"
#include "../../cmd/sa-process/replay.c"

enum { INPUT_MAX = 1000, OUT_MAX = 1 << 20 };

static void fuzz_frame(struct span text)
{
	struct sa_error err = SA_ERROR_INIT;
	struct frame frame = {.input = BUF_INIT(INPUT_MAX)};
	if (frame_parse(text, &frame, &err) < 0)
		fuzz_require(err.kind != PROBLEM_NONE && err.message[0]);
	else if (frame.kind == FRAME_RESIZE)
		fuzz_require(frame.cols > 0 && frame.cols <= UINT16_MAX && frame.rows > 0 &&
			     frame.rows <= UINT16_MAX);
	fuzz_require(frame.input.len <= INPUT_MAX);
	buf_free(&frame.input);
}

static void fuzz_replay(struct span data, size_t piece)
{
	struct buf whole = BUF_INIT(OUT_MAX), pieces = BUF_INIT(OUT_MAX);
	struct replay r = REPLAY_INIT, s = REPLAY_INIT;
	replay_add(&r, data, &whole);
	replay_end(&r, &whole);
	for (size_t at = 0; at < data.n; at += piece)
		replay_add(&s,
			   (struct span){data.p + at, data.n - at < piece ? data.n - at : piece},
			   &pieces);
	replay_end(&s, &pieces);
	fuzz_require(span_equal(buf_span(&whole), buf_span(&pieces)));
	/* A request to take margins back, at most. */
	fuzz_require(whole.len <= data.n + 7);
	fuzz_require(!whole.len || !memchr(whole.data, ENQ, whole.len) ||
		     memchr(data.p, ESC, data.n));
	buf_free(&whole);
	buf_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct span text = {(const char *)data + 1, size - 1};
	fuzz_frame(text);
	fuzz_replay(text, 1 + data[0] % 16);
	return 0;
}
