/* sa-process: frames of a terminal's client, encodings, the replay of old output; base64. */
#include "tap.h"

#include "../../cmd/sa-process/frames.c"
#include "../../cmd/sa-process/replay.c"

static void test_base64(void)
{
	static const struct {
		const char *text, *bytes; /* bytes NULL: refused */
	} cases[] = {
	    {"", ""},		{"Zg==", "f"},	      {"Zm8=", "fo"},
	    {"Zm9v", "foo"},	{"Zm9vYg==", "foob"}, {"+/+/", "\373\377\277"},
	    {"Zg", NULL},	{"Zg=", NULL},	      {"Zh==", NULL},
	    {"Zm9=", NULL},	{"Z===", NULL},	      {"====", NULL},
	    {"Zg==Zg==", NULL}, {"Zm9v\n", NULL},     {" Zm9v", NULL},
	    {"Zm-v", NULL},	{"Zm9vYg=a", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT(100);
		buf_adds(&b, "x");
		int rc = base64_decode(&b, span_of(cases[i].text));
		is_int(rc, cases[i].bytes ? 0 : -1, cases[i].text);
		const char *want = cases[i].bytes ? cases[i].bytes : "";
		ok(strcmp(b.data, "x") == 0 ? !*want : strcmp(b.data + 1, want) == 0,
		   "base64 '%s' yields its bytes, or nothing", cases[i].text);
		buf_free(&b);
	}
	struct buf b = BUF_INIT(1000), back = BUF_INIT(1000);
	char all[256];
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	base64_add(&b, (struct span){all, 256});
	is_int(base64_decode(&back, buf_span(&b)), 0, "what was encoded is decoded");
	ok(span_equal(buf_span(&back), (struct span){all, 256}), "to the same bytes");
	buf_free(&b);
	buf_free(&back);
}

static void test_frames(void)
{
	static const struct {
		const char *text;
		int kind; /* -1: refused */
		const char *input;
		int cols, rows;
	} cases[] = {
	    {"{\"type\":\"input\",\"data\":\"ls\\n\"}", FRAME_INPUT, "ls\n", 0, 0},
	    {" {\"data\":\"bHM=\",\"encoding\":\"base64\",\"type\":\"input\"} ", FRAME_INPUT, "ls",
	     0, 0},
	    {"{\"type\":\"input\",\"data\":\"\\u00e9\",\"encoding\":\"utf8\"}", FRAME_INPUT, "é", 0,
	     0},
	    {"{\"type\":\"input\",\"data\":\"\"}", FRAME_INPUT, "", 0, 0},
	    {"{\"type\":\"resize\",\"cols\":1,\"rows\":65535}", FRAME_RESIZE, "", 1, 65535},
	    {"{\"type\":\"close\",\"extra\":1}", FRAME_CLOSE, "", 0, 0},
	    {"{\"type\":\"input\"}", -1, "", 0, 0},
	    {"{\"type\":\"input\",\"data\":\"x\",\"encoding\":\"BASE64\"}", -1, "", 0, 0},
	    {"{\"type\":\"input\",\"data\":\"x\",\"encoding\":5}", -1, "", 0, 0},
	    {"{\"type\":\"input\",\"data\":\"12345678901\"}", -1, "", 0, 0},
	    {"{\"type\":\"resize\",\"cols\":1.5,\"rows\":2}", -1, "", 0, 0},
	    {"{\"type\":\"resize\",\"cols\":\"80\",\"rows\":24}", -1, "", 0, 0},
	    {"{\"type\":\"resize\",\"cols\":-1,\"rows\":24}", -1, "", 0, 0},
	    {"{\"type\":null}", -1, "", 0, 0},
	    {"{}", -1, "", 0, 0},
	    {"", -1, "", 0, 0},
	    {"{\"type\":\"close\"", -1, "", 0, 0},
	    {"[\"close\"]", -1, "", 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa_error err = SA_ERROR_INIT;
		struct frame frame = {.input = BUF_INIT(10)};
		int rc = frame_parse(span_of(cases[i].text), &frame, &err);
		ok(cases[i].kind < 0
		       ? rc < 0 && err.kind && *err.message
		       : rc == 0 && (int)frame.kind == cases[i].kind &&
			     span_is(buf_span(&frame.input), cases[i].input) &&
			     (frame.kind != FRAME_RESIZE ||
			      (frame.cols == cases[i].cols && frame.rows == cases[i].rows)),
		   "frame %s", cases[i].text);
		buf_free(&frame.input);
	}
}

/* In one piece and byte by byte: the same. */
static void test_replay(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"plain text\r\n", "plain text\r\n"},
	    {"\033[31mred\033[0m", "\033[31mred\033[0m"},
	    {"a\033[6nb", "ab"},
	    {"a\033[?6nb", "ab"},
	    {"a\033[5nb\033[cb\033[0cb\033[>cb\033[=cb\033Zb", "abbbbbb"},
	    {"a\033[?1$pb\033[20$pb", "abb"},
	    {"a\033[!pb", "a\033[!pb"}, /* DECSTR resets */
	    {"a\033[>qb\033[>0qb\033[2 qb\033[1qb", "abb\033[2 qb\033[1qb"},
	    {"a\033[?ub\033[ub\033[>1ub\033[<ub", "ab\033[ub\033[>1ub\033[<ub"},
	    {"a\033[14tb\033[18tb\033[21tb\033[14;2tb", "abbbb"},
	    {"a\033[8;24;80tb\033[22;0tb\033[2tb\033[12tb",
	     "a\033[8;24;80tb\033[22;0tb\033[2tb\033[12tb"},
	    {"a\033[xb\033[0xb\033[1;1;1;1$xb", "abb\033[1;1;1;1$xb"},
	    {"a\033]11;?\007b\033]10;?\033\\b\033]4;1;?\007b\033]52;c;?\007b", "abbbb"},
	    {"a\033]0;what?\007b\033]8;;http://x/?\033\\b",
	     "a\033]0;what?\007b\033]8;;http://x/?\033\\b"},
	    {"a\033P$qm\033\\b\033P+q544e\033\\b\033P0;1|x\033\\b", "abb\033P0;1|x\033\\b"},
	    {"a\005b", "ab"},
	    {"a\033\033[6nb", "a\033b"},
	    {"a\033[3\033[6nb", "a\033[3b"},
	    {"a\033[1\0302nb", "a\033[1\0302nb"}, /* CAN ends it */
	    {"\033[1;24rx\033[?47ly", "\033[1;24rx\033[?47ly\0337\033[r\0338"},
	    {"\033[?1049hx", "\033[?1049hx\0337\033[r\0338"},
	    {"\033[rx\033[?1;2ry\033[4hz", "\033[rx\033[?1;2ry\033[4hz"},
	    {"\033[2;3rx\033[1", "\033[2;3rx\033[1"},
	    {"a\033(Bb\0337b\033Mb", "a\033(Bb\0337b\033Mb"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf whole = BUF_INIT(1000), bytes = BUF_INIT(1000);
		struct replay r = REPLAY_INIT, s = REPLAY_INIT;
		replay_add(&r, span_of(cases[i].in), &whole);
		replay_end(&r, &whole);
		for (const char *p = cases[i].in; *p; p++)
			replay_add(&s, (struct span){p, 1}, &bytes);
		replay_end(&s, &bytes);
		ok(span_is(buf_span(&whole), cases[i].out), "replayed, case %zu", i);
		ok(span_equal(buf_span(&whole), buf_span(&bytes)), "in pieces too, case %zu", i);
		buf_free(&whole);
		buf_free(&bytes);
	}
	/* A long string is passed on; a sequence at the very end is not lost. */
	struct buf in = BUF_INIT(10000), out = BUF_INIT(10000);
	struct replay r = REPLAY_INIT;
	buf_adds(&in, "\033]52;c;");
	for (int i = 0; i < 1000; i++)
		buf_adds(&in, "QUJD");
	buf_adds(&in, ";?\007after\033[6n\033[3");
	replay_add(&r, buf_span(&in), &out);
	replay_end(&r, &out);
	ok(out.len == in.len - 4 && memmem(out.data, out.len, "QUJD;?\007after\033[3", 14),
	   "a string that is too long to be a question is shown");
	buf_free(&in);
	buf_free(&out);
}

int main(void)
{
	test_base64();
	test_frames();
	test_replay();
	done_testing();
}
