/* Ranges and entity tags: RFC 9110 13.1 and 14.1.2. */
#include "tap.h"

#include "http/condition.h"

#include <string.h>

static void test_ranges(void)
{
	static const struct {
		const char *value;
		uint64_t size;
		enum http_range kind;
		uint64_t first, length;
	} cases[] = {
	    {"bytes=0-0", 10, HTTP_RANGE_PART, 0, 1},
	    {"bytes=0-9", 10, HTTP_RANGE_PART, 0, 10},
	    {"bytes=9-9", 10, HTTP_RANGE_PART, 9, 1},
	    {"bytes=3-", 10, HTTP_RANGE_PART, 3, 7},
	    {"bytes=5-500", 10, HTTP_RANGE_PART, 5, 5},
	    {"bytes=-4", 10, HTTP_RANGE_PART, 6, 4},
	    {"bytes=-40", 10, HTTP_RANGE_PART, 0, 10},
	    {"BYTES=1-2", 10, HTTP_RANGE_PART, 1, 2},
	    {" bytes= 1-2 ", 10, HTTP_RANGE_PART, 1, 2},
	    {"bytes=1-99999999999999999999999", 10, HTTP_RANGE_PART, 1, 9},
	    {"bytes=0-18446744073709551615", 10, HTTP_RANGE_PART, 0, 10},
	    {"bytes=-99999999999999999999999", 10, HTTP_RANGE_PART, 0, 10},
	    {"bytes=10-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=99999999999999999999999-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=-0", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=-1", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
	    {"bytes=4-3", 10, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=", 10, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=-", 10, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=1", 10, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=+1-2", 10, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=1-2,4-5", 10, HTTP_RANGE_ALL, 0, 0},
	    {"bytes=--2", 10, HTTP_RANGE_ALL, 0, 0},
	    {"items=1-2", 10, HTTP_RANGE_ALL, 0, 0},
	    {"bytes 1-2", 10, HTTP_RANGE_ALL, 0, 0},
	    {"", 10, HTTP_RANGE_ALL, 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t first = 0, length = 0;
		enum http_range kind =
		    http_range_parse(span_of(cases[i].value), cases[i].size, &first, &length);
		ok(kind == cases[i].kind && first == cases[i].first && length == cases[i].length,
		   "range '%s' of %d", cases[i].value, (int)cases[i].size);
	}
	uint64_t first = 7, length = 7;
	ok(http_range_parse(SPAN_NONE, 10, &first, &length) == HTTP_RANGE_ALL && first == 7,
	   "no range is the whole, outputs untouched");
}

static void test_tags(void)
{
	static const struct {
		const char *list, *etag;
		bool strong, weak;
	} cases[] = {
	    {"\"a\"", "\"a\"", true, true},
	    {"\"a\"", "\"b\"", false, false},
	    {"*", "\"b\"", true, true},
	    {"*", NULL, false, false},
	    {"\"a\"", NULL, false, false},
	    {"W/\"a\"", "\"a\"", false, true},
	    {"\"a\"", "W/\"a\"", false, true},
	    {"\"x\", \"a\"", "\"a\"", true, true},
	    {"\"x\",W/\"y\" ,\t\"a\"", "\"a\"", true, true},
	    {"\"x,\", \"a\"", "\"a\"", true, true},
	    {"\"x\" \"a\"", "\"a\"", false, false},
	    {"x, \"a\"", "\"a\"", false, false},
	    {"\"a", "\"a\"", false, false},
	    {"a", "\"a\"", false, false},
	    {"\"", "\"\"", false, false},
	    {"\"\"", "\"\"", true, true},
	    {"", "\"a\"", false, false},
	    {"W/", "\"a\"", false, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span list = span_of(cases[i].list), etag = span_of(cases[i].etag);
		ok(http_etag_matches(list, etag, false) == cases[i].strong, "strong: %s",
		   cases[i].list);
		ok(http_etag_matches(list, etag, true) == cases[i].weak, "weak: %s", cases[i].list);
	}
	ok(!http_etag_matches(SPAN_NONE, SPAN_LIT("\"a\""), true), "no list matches nothing");
}

int main(void)
{
	test_ranges();
	test_tags();
	return done_testing();
}
