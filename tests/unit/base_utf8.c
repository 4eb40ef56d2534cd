#include "base/utf8.h"
#include "tap.h"

#define FFFD "\xef\xbf\xbd"

static void judging(void)
{
	static const struct {
		const char *bytes;
		size_t length; /* of the first sequence; 0: invalid */
		uint32_t cp;
	} cases[] = {
	    {"a", 1, 'a'},
	    {"\x7f", 1, 0x7f},
	    {"\xc2\x80", 2, 0x80},
	    {"\xdf\xbf", 2, 0x7ff},
	    {"\xe0\xa0\x80", 3, 0x800},
	    {"\xed\x9f\xbf", 3, 0xd7ff},
	    {"\xee\x80\x80", 3, 0xe000},
	    {"\xef\xbf\xbf", 3, 0xffff},
	    {"\xf0\x90\x80\x80", 4, 0x10000},
	    {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
	    {"\x80", 0, 0},		/* continuation alone */
	    {"\xbf", 0, 0},		/* the same, last one */
	    {"\xc0\x80", 0, 0},		/* overlong NUL */
	    {"\xc1\xbf", 0, 0},		/* overlong */
	    {"\xe0\x9f\xbf", 0, 0},	/* overlong */
	    {"\xf0\x8f\xbf\xbf", 0, 0}, /* overlong */
	    {"\xed\xa0\x80", 0, 0},	/* U+D800 */
	    {"\xed\xbf\xbf", 0, 0},	/* U+DFFF */
	    {"\xf4\x90\x80\x80", 0, 0}, /* U+110000 */
	    {"\xf5\x80\x80\x80", 0, 0},
	    {"\xff", 0, 0},
	    {"\xc2", 0, 0}, /* cut */
	    {"\xe2\x82", 0, 0},
	    {"\xf0\x9f\x98", 0, 0},
	    {"\xc2\x41", 0, 0}, /* wrong continuation */
	    {"\xe2\x82\x41", 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t cp = 0;
		struct span s = span_of(cases[i].bytes);
		size_t n = utf8_decode(s, &cp);
		ok(n == cases[i].length && cp == cases[i].cp, "decode case %zu", i);
		ok(utf8_is_valid(s) == (cases[i].length > 0), "judge case %zu", i);
		char padded[64]; /* behind a run of ASCII, at every alignment */
		bool is_right = true;
		for (size_t at = 0; at < 17; at++) {
			memset(padded, 'x', sizeof(padded));
			memcpy(padded + at, s.p, s.n);
			struct span whole = {padded, at + s.n};
			is_right = is_right && utf8_is_valid(whole) == (cases[i].length > 0);
		}
		ok(is_right, "judge case %zu behind ASCII", i);
	}
	is_int(utf8_decode(SPAN_NONE, NULL), 0, "nothing decodes to nothing");
	ok(utf8_is_valid(SPAN_NONE), "nothing is valid");
}

static void every_code_point(void)
{
	bool is_right = true;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		struct buf b = BUF_INIT(8);
		uint32_t back = 0;
		utf8_add(&b, cp);
		is_right = is_right && utf8_decode(buf_span(&b), &back) == b.len && back == cp;
		buf_free(&b);
	}
	ok(is_right, "every code point survives encoding and decoding");
}

static void repairing(void)
{
	static const struct {
		const char *bytes, *want;
	} cases[] = {
	    {"plain", "plain"},
	    {"a\xff" "b", "a" FFFD "b"},
	    {"\xc3\xa4\xc3", "\xc3\xa4" FFFD},
	    {"\xed\xa0\x80", FFFD FFFD FFFD},
	    {"\x80\x80", FFFD FFFD},
	    {"\xe2\x82" "A", FFFD FFFD "A"},
	    {"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT(100);
		ok(utf8_add_repaired(&b, span_of(cases[i].bytes)) == 0 &&
		       span_is(buf_span(&b), cases[i].want),
		   "repair case %zu", i);
		ok(utf8_is_valid(buf_span(&b)), "repair case %zu is valid after", i);
		buf_free(&b);
	}
	struct buf small = BUF_INIT(2);
	is_int(utf8_add_repaired(&small, span_of("\xff")), -1, "repair obeys the ceiling");
	buf_free(&small);
}

static void cutting(void)
{
	struct span s = span_of("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
	static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
	for (size_t max = 0; max < sizeof(want) / sizeof(want[0]); max++)
		ok(utf8_cut(s, max) == want[max], "cut at %zu", max);
	char junk[100];
	memset(junk, 0x80, sizeof(junk));
	size_t n = utf8_cut((struct span){junk, sizeof(junk)}, 50);
	ok(n >= 47 && n <= 50, "a cut through stray continuation bytes loses three at most");
}

int main(void)
{
	judging();
	every_code_point();
	repairing();
	cutting();
	return done_testing();
}
