#include "base/xalloc.h"
#include "json/scan.h"
#include "tap.h"

/* Texts that are JSON. */
static const char *const good[] = {
    "0", "-0", "1", "-1", "10", "1.5", "-1.5", "1e5", "1E5", "1e+5", "1e-5", "1.25e10", "0.0", "0e1",
    "123456789012345678901234567890", "1e400", "true", "false", "null", "\"\"", "\"a\"", "\" \"",
    "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\uD800\"",
    "\"\\ud83d\\ude00\"", "\"\\uABCDef\"", "\"\x7f\"", "\"\xff\"", "\"\xc3\xa4\"", "\"/*x*/\"",
    "[]", "[ ]", "{}", "{ }", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],[]]", "[{}]", "{\"a\":[]}",
    "[null]", "[true,false]", "{\"\":0}", "{\"a\":1}", "{\"a\":1,\"a\":2}", "{ \"a\" : 1 }",
    "{\"a\":{\"b\":{\"c\":[]}}}", " 1", "1 ", "\t\r\n 1 \t\r\n", "[1\n]", "\"[\"", "\"}\"",
    "{\"a\":\"}\",\"b\":\"]\"}", "[\"\\\\\"]", "[-0.0e-0]",
};

/* Texts that are not, and the offset of the first wrong byte. */
static const struct {
	const char *text;
	size_t offset;
} bad[] = {
    {"", 0},	       {" ", 1},	 {"[", 1},	  {"]", 0},	     {"{", 1},
    {"}", 0},	       {"[1", 2},	 {"[1,", 3},	  {"[1,]", 3},	     {"[,1]", 1},
    {"[1,,2]", 3},     {"[1 2]", 3},	 {"[1}", 2},	  {"{\"a\":1]", 6},  {"{]", 1},
    {"[}", 1},	       {"{a:1}", 1},	 {"{'a':1}", 1},  {"{\"a\"}", 4},    {"{\"a\":}", 5},
    {"{\"a\":1,}", 7}, {"{\"a\" 1}", 5}, {"{1:1}", 1},	  {"{,}", 1},	     {"{\"a\":1 \"b\":2}", 7},
    {"1 2", 2},	       {"[] []", 3},	 {"{}}", 2},	  {"[]]", 2},	     {"1,", 1},
    {"tru", 0},	       {"trues", 4},	 {"True", 0},	  {"nul", 0},	     {"NULL", 0},
    {"nan", 0},	       {"NaN", 0},	 {"Infinity", 0}, {"-Infinity", 1},  {"undefined", 0},
    {"+1", 0},	       {"-", 1},	 {".5", 0},	  {"1.", 2},	     {"1.e5", 2},
    {"1e", 2},	       {"1e+", 3},	 {"0x1", 1},	  {"1_000", 1},	     {"--1", 1},
    {"1a", 1},	       {"[1a]", 2},	 {"\"", 1},	  {"\"a", 2},	     {"a\"", 0},
    {"\"\\", 2},       {"\"\\\"", 3},	 {"\"\\x\"", 2},  {"\"\\a\"", 2},    {"\"\\'\"", 2},
    {"'a'", 0},	       {"\"\\u\"", 2},	 {"\"\\u12\"", 2}, {"\"\\u123g\"", 2}, {"\"\\U0041\"", 2},
    {"\"\n\"", 1},     {"\"\t\"", 1},	 {"\"\x1f\"", 1}, {"\xef\xbb\xbf" "1", 0}, {"//x\n1", 0},
    {"/**/1", 0},      {"1/**/", 1},	 {"\f1", 0},	  {"\v1", 0},	     {"\xc2\xa0" "1", 0},
    {"[\"a\":1]", 4},  {"{\"a\":1:2}", 6}, {"\"a\"b", 3}, {"[1]x", 3},	     {"<x>", 0},
    {"{\"a\":1,2}", 7}, {"{\"a\":\"b", 7}, {"[\"\\\\\\\"]", 7}, {"#", 0},    {"{{}}", 1},
};

static void checking(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t offset = 99;
		ok(json_check(span_of(good[i]), &offset) == 0 && offset == 99, "y: case %zu", i);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t offset = 99;
		int rc = json_check(span_of(bad[i].text), &offset);
		if (!ok(rc == -1 && offset == bad[i].offset, "n: case %zu", i))
			fprintf(stderr, "# [%s] offset %zu\n", bad[i].text, offset);
	}
	is_int(json_check(span_of("00"), NULL), -1, "a leading zero is refused");
	is_int(json_check(span_of("-01"), NULL), -1, "so it is behind a minus");
	is_int(json_check((struct span){"1\0", 2}, NULL), -1, "a NUL behind is refused");
	is_int(json_check((struct span){"\"\0\"", 3}, NULL), -1, "a NUL in a string is refused");
	is_int(json_check((struct span){"\"a\"x", 3}, NULL), 0, "the span's end is the end");
	size_t offset = 99;
	is_int(json_check(SPAN_NONE, &offset), -1, "an absent text is not JSON");
	is_int(offset, 0, "at offset 0");
}

static void depth(void)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	for (int extra = 0; extra < 2; extra++) {
		buf_clear(&b);
		for (int i = 0; i < JSON_DEPTH_MAX + extra; i++)
			buf_adds(&b, i % 2 ? "{\"a\":" : "[");
		buf_adds(&b, "1");
		for (int i = JSON_DEPTH_MAX + extra; i--;)
			buf_addc(&b, i % 2 ? '}' : ']');
		is_int(json_check(buf_span(&b), NULL), -extra,
		       extra ? "one level above the limit is refused" : "the limit is allowed");
	}
	buf_clear(&b);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_addc(&b, '[');
	is_int(json_check(buf_span(&b), NULL), -1, "and so is the deepest text unclosed");
	buf_clear(&b);
	for (int i = 0; i < 1000000; i++)
		buf_adds(&b, i ? ",[]" : "[[]");
	buf_addc(&b, ']');
	is_int(json_check(buf_span(&b), NULL), 0, "breadth is no depth");
	buf_free(&b);
}

static void members(void)
{
	struct span o = span_of(" {\"a\":1,\"b\":{\"a\":2},\"a\":[3],\"\\u0063\":\"x\",\"\":null,"
				"\"d e\":true , \"a.b\" : 5} ");
	const char *const names[] = {"c", "a", "missing", "b", "", "d e"};
	struct span v[6];
	json_members(o, names, v, 6);
	is_text(v[0], "\"x\"", "an escaped name is understood");
	is_text(v[1], "[3]", "the last of two wins");
	ok(!v[2].p, "an absent member is not there");
	is_text(v[3], "{\"a\":2}", "an object is found whole");
	is_text(v[4], "null", "the empty name is a name");
	is_text(v[5], "true", "a name with a blank");
	is_text(json_get(o, "a.b"), "5", "a dot in a name is nothing special to get");
	is_text(json_path(o, "b.a"), "2", "a path goes down");
	ok(!json_path(o, "b.a.x").p, "not through a number");
	ok(!json_path(o, "x.y").p, "not through what is absent");
	ok(!json_get(span_of("[1]"), "a").p, "an array has no members");
	ok(!json_get(SPAN_NONE, "a").p, "nothing has none either");
	ok(!json_get(span_of("\"{\""), "a").p, "nor has a string");
	ok(!json_get(span_of("{\"ab\":1}"), "a").p, "a prefix of a name is not the name");
	ok(!json_get(span_of("{\"a\":1}"), "ab").p, "nor the other way round");
	ok(!json_get(span_of("{\"x\":{\"a\":1}}"), "a").p, "inner members stay inside");
	is_text(json_get(span_of("{\"x\":\"\\\"a\\\":9\",\"a\":1}"), "a"), "1",
		"a string that looks like a member is a string");
	ok(!json_get(span_of("{\"a\\\\u0062\":1}"), "ab").p, "an escaped backslash ends the magic");
}

static void iterating(void)
{
	struct json_iter it = json_iter(span_of(" [1, \"a,b\" ,[2,3],{\"x\":[]} ] "));
	struct span key, value;
	static const char *const want[] = {"1", "\"a,b\"", "[2,3]", "{\"x\":[]}"};
	int n = 0;
	while (json_next(&it, &key, &value) && n < 4) {
		is_text(value, want[n++], "array element");
		ok(!key.p, "an element has no key");
	}
	is_int(n, 4, "all elements come");
	ok(!json_next(&it, NULL, &value), "the end stays the end");
	it = json_iter(span_of("{\"k\" : 1 , \"l\\n\":\"v\"}"));
	ok(it.is_object && json_next(&it, &key, &value), "an object is walked");
	is_text(key, "\"k\"", "keys come raw");
	is_text(value, "1", "with their values");
	ok(json_next(&it, NULL, &value), "the key may be left out");
	is_text(value, "\"v\"", "the value comes");
	ok(!json_next(&it, NULL, &value), "and the end");
	it = json_iter(span_of("{}"));
	ok(!json_next(&it, NULL, &value), "an empty object ends at once");
	it = json_iter(span_of("12"));
	ok(!json_next(&it, NULL, &value), "a number is not walked");
	it = json_iter(SPAN_NONE);
	ok(!json_next(&it, NULL, &value), "nothing is not walked");
}

/* Every byte string of up to five bytes out of JSON's alphabet, unchecked:
 * values lie inside, walks end. Exact-size copies let ASan see each step. */
static void hostile(void)
{
	static const char alphabet[] = "{}[]\",:\\u1 \x80";
	const size_t base = sizeof(alphabet) - 1;
	size_t total = 0, wrong = 0;
	for (size_t length = 1; length <= 5; length++) {
		size_t count = 1;
		for (size_t i = 0; i < length; i++)
			count *= base;
		char *bytes = xmalloc(length);
		for (size_t code = 0; code < count; code++, total++) {
			size_t rest = code;
			for (size_t i = 0; i < length; i++, rest /= base)
				bytes[i] = alphabet[rest % base];
			struct json_iter it = json_iter((struct span){bytes, length});
			struct span key, value;
			size_t steps = 0;
			while (json_next(&it, &key, &value)) {
				bool is_inside = value.p >= bytes && value.p + value.n <= bytes + length;
				if (key.p)
					is_inside = is_inside && key.p >= bytes &&
						    key.p + key.n <= bytes + length;
				wrong += !is_inside || ++steps > length;
				if (steps > length)
					break;
			}
			wrong += json_get((struct span){bytes, length}, "u").n > length;
		}
		free(bytes);
	}
	ok(wrong == 0 && total > 200000, "%zu hostile texts keep every walk inside", total);
}

static void strings(void)
{
	static const struct {
		const char *value, *want; /* want NULL: refused */
	} cases[] = {
	    {"\"\"", ""},
	    {"\"abc\"", "abc"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
	    {"\"\\u0041\\u00e4\\u20AC\"", "A\xc3\xa4\xe2\x82\xac"},
	    {"\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!"},
	    {"\"\\ud83d\"", "\xef\xbf\xbd"},
	    {"\"\\ude00\"", "\xef\xbf\xbd"},
	    {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd" "A"},
	    {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
	    {"\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
	    {"\"a\xff" "b\"", "a\xef\xbf\xbd" "b"},
	    {"\"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\"",
	     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\"\\u0000\"", NULL},
	    {"\"a\\u0000b\"", NULL},
	    {"1", NULL},
	    {"null", NULL},
	    {"[]", NULL},
	    {"\"", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = json_string_dup(span_of(cases[i].value));
		is_str(text, cases[i].want, cases[i].value);
		free(text);
		if (cases[i].want)
			ok(json_string_is(span_of(cases[i].value), cases[i].want) ||
			       strstr(cases[i].value, "\xff"),
			   "and is itself: case %zu", i);
	}
	struct buf b = BUF_INIT(3);
	is_int(json_string_add(&b, span_of("\"abcd\"")), -1, "a full buffer is told");
	buf_clear(&b);
	is_int(json_string_add(&b, span_of("\"ab\\n\"")), 0, "a string that just fits");
	is_text(buf_span(&b), "ab\n", "is whole");
	buf_clear(&b);
	is_int(json_string_add(&b, span_of("\"abc\\n\"")), -1, "an escape that does not fit is told");
	buf_free(&b);
	buf_init(&b, 10);
	is_int(json_string_add(&b, span_of("\"a\\u0000b\"")), 0, "U+0000 may go into a buffer");
	is_span(buf_span(&b), ((struct span){"a\0b", 3}), "as a byte");
	buf_free(&b);
	ok(!json_string_is(span_of("\"a\\u0000b\""), "a"), "a string with U+0000 is not its head");
	ok(!json_string_is(span_of("\"a\\\\\""), "a\\\\"), "text is compared decoded");
	ok(!json_string_is(SPAN_NONE, ""), "nothing is not the empty string");
	is_text(json_string_plain(span_of("\"ab\"")), "ab", "a plain string is handed out");
	ok(!json_string_plain(span_of("\"a\\n\"")).p, "one with escapes is not");
	ok(!json_string_plain(span_of("1")).p, "nor is a number");
}

static void scalars(void)
{
	int64_t v = 42;
	ok(json_int(span_of("-9223372036854775808"), &v) == 0 && v == INT64_MIN, "the least integer");
	ok(json_int(span_of("9007199254740993"), &v) == 0 && v == 9007199254740993,
	   "above 2^53 nothing is rounded");
	is_int(json_int(span_of("9223372036854775808"), &v), -1, "too large");
	is_int(json_int(span_of("1.0"), &v), -1, "a fraction is no integer");
	is_int(json_int(span_of("1e2"), &v), -1, "nor is an exponent");
	is_int(json_int(span_of("\"1\""), &v), -1, "nor a string");
	is_int(json_int_or(SPAN_NONE, 7), 7, "the fallback for nothing");
	ok(json_bool_or(span_of("true"), false) && !json_bool_or(span_of("false"), true), "booleans");
	ok(json_bool_or(span_of("1"), true) && !json_bool_or(SPAN_NONE, false), "and fallbacks");
	ok(json_double_or(span_of("-1.5e2"), 0) < -149.9, "a double");
	ok(json_double_or(span_of("null"), 3) > 2.9, "no double");
	ok(json_double_or(span_of("0.25000000000000000000000000000000000000000000000000000000000000"
				  "00000000000000000000"),
			  3) < 0.26,
	   "a double of many digits");
	is_int(json_type(SPAN_NONE), JSON_NONE, "the type of nothing");
	is_int(json_type(span_of("-1")), JSON_NUMBER, "the type of a number");
	ok(json_scalar_equal(span_of("\"a\""), span_of("\"\\u0061\"")), "strings equal by text");
	ok(!json_scalar_equal(span_of("\"1\""), span_of("1")), "a string is not its number");
	ok(!json_scalar_equal(span_of("1"), span_of("1.0")), "numbers equal by bytes");
	ok(!json_scalar_equal(span_of("\"a\""), span_of("\"b\"")), "other strings");
}

/* Strings are passed several bytes at a time: what ends such a stride may stand anywhere in it. */
static void strides(void)
{
	static const struct {
		const char *piece;
		int bad_at; /* offset of the wrong byte in it; -1: it is right */
	} cases[] = {
	    {"", -1},	     {"\\\"", -1},   {"\\\\", -1}, {"\\\\\\\"", -1}, {"\\n\\t\\r", -1},
	    {"\\u0041", -1}, {"\x7f", -1},    {"\xff", -1}, {"\xc3\xa4", -1},  {"\n", 0},
	    {"\x1f", 0},     {"\x01", 0},     {"\\x", 1},   {"\\u004", 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_right = true, is_found = true;
		for (int before = 0; before < 20; before++)
			for (int after = 0; after < 20; after++) {
				char text[96];
				int n = snprintf(text, sizeof(text), "{\"a\":\"%.*s%s%.*s\",\"b\":7}",
						 before, "qqqqqqqqqqqqqqqqqqqq", cases[i].piece, after,
						 "zzzzzzzzzzzzzzzzzzzz");
				/* Of exactly this size: the sanitizer sees a step too far. */
				char *copy = xmemdup0(text, (size_t)n);
				struct span span = {copy, (size_t)n};
				size_t offset = 0;
				int rc = json_check(span, &offset);
				bool is_good = cases[i].bad_at < 0;
				is_right = is_right && (is_good ? rc == 0
								: offset == (size_t)(6 + before +
										     cases[i].bad_at));
				is_found = is_found &&
					   (!is_good || json_int_or(json_get(span, "b"), 0) == 7);
				free(copy);
			}
		ok(is_right, "stride case %zu is judged at every offset", i);
		ok(is_found, "and what follows it is found");
	}
}

int main(void)
{
	checking();
	strides();
	depth();
	members();
	iterating();
	hostile();
	strings();
	scalars();
	return done_testing();
}
