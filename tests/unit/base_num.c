#include "base/num.h"
#include "tap.h"

static void unsigneds(void)
{
	static const struct {
		const char *text;
		uint64_t max, want;
		bool is_good;
	} cases[] = {
	    {"0", 0, 0, true},
	    {"1", 0, 0, false},
	    {"007", 10, 7, true},
	    {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
	    {"18446744073709551616", UINT64_MAX, 0, false},
	    {"99999999999999999999", UINT64_MAX, 0, false},
	    {"65535", 65535, 65535, true},
	    {"65536", 65535, 0, false},
	    {"", 10, 0, false},
	    {"+1", 10, 0, false},
	    {"-1", 10, 0, false},
	    {" 1", 10, 0, false},
	    {"1 ", 10, 0, false},
	    {"0x1", 10, 0, false},
	    {"1e1", 10, 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 42;
		int rc = num_parse_u64(span_of(cases[i].text), cases[i].max, &value);
		ok(rc == (cases[i].is_good ? 0 : -1) &&
		       value == (cases[i].is_good ? cases[i].want : 42),
		   "u64 '%s'", cases[i].text);
	}
	uint64_t value;
	is_int(num_parse_u64(SPAN_NONE, 10, &value), -1, "an absent span is no number");
	is_int(num_parse_u64((struct span){"1\0", 2}, 10, &value), -1, "a NUL is no digit");
}

static void signeds(void)
{
	int64_t v = 42;
	ok(num_parse_i64(span_of("-9223372036854775808"), INT64_MIN, INT64_MAX, &v) == 0 &&
	       v == INT64_MIN,
	   "the least int64");
	ok(num_parse_i64(span_of("9223372036854775807"), INT64_MIN, INT64_MAX, &v) == 0 &&
	       v == INT64_MAX,
	   "the greatest int64");
	v = 42;
	is_int(num_parse_i64(span_of("9223372036854775808"), INT64_MIN, INT64_MAX, &v), -1,
	       "one above is refused");
	is_int(num_parse_i64(span_of("-9223372036854775809"), INT64_MIN, INT64_MAX, &v), -1,
	       "one below is refused");
	is_int(num_parse_i64(span_of("-"), INT64_MIN, INT64_MAX, &v), -1, "a lone minus");
	is_int(num_parse_i64(span_of("--1"), INT64_MIN, INT64_MAX, &v), -1, "two of them");
	is_int(num_parse_i64(span_of("-6"), -5, 5, &v), -1, "below min");
	is_int(num_parse_i64(span_of("6"), -5, 5, &v), -1, "above max");
	is_int(v, 42, "failures leave the result alone");
	ok(num_parse_i64(span_of("-0"), -5, 5, &v) == 0 && v == 0, "minus zero is zero");
}

static void durations(void)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} cases[] = {
	    {"0", 0},	     {"off", 0},	{"30", 30000},
	    {"500ms", 500},  {"30s", 30000},	{"10m", 600000},
	    {"2h", 7200000}, {"1d", 86400000},	{"0ms", 0},
	    {"", -1},	     {"s", -1},		{"1.5s", -1},
	    {"-1s", -1},     {"1 s", -1},	{"1S", -1},
	    {"1w", -1},	     {"Off", -1},	{"1sm", -1},
	    {"ms", -1},	     {"1m s", -1},	{"9223372036854775807ms", INT64_MAX},
	    {"9223372036854775808ms", -1},	{"9223372036854775807s", -1},
	    {"106751991168d", -1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = -1;
		int rc = num_parse_duration_ms(span_of(cases[i].text), &ms);
		ok(rc == (cases[i].want < 0 ? -1 : 0) && ms == cases[i].want, "duration '%s'",
		   cases[i].text);
	}
}

static void sizes(void)
{
	static const struct {
		const char *text;
		uint64_t want;
		bool is_good;
	} cases[] = {
	    {"0", 0, true},
	    {"4096", 4096, true},
	    {"64K", 65536, true},
	    {"64k", 65536, true},
	    {"64M", 64 << 20, true},
	    {"1G", 1 << 30, true},
	    {"18446744073709551615", UINT64_MAX, true},
	    {"17179869183G", UINT64_MAX - ((1 << 30) - 1), true},
	    {"17179869184G", 0, false},
	    {"", 0, false},
	    {"K", 0, false},
	    {"1KK", 0, false},
	    {"1T", 0, false},
	    {"1 K", 0, false},
	    {"-1", 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 42;
		int rc = num_parse_size(span_of(cases[i].text), &bytes);
		ok(rc == (cases[i].is_good ? 0 : -1) &&
		       bytes == (cases[i].is_good ? cases[i].want : 42),
		   "size '%s'", cases[i].text);
	}
}

int main(void)
{
	unsigneds();
	signeds();
	durations();
	sizes();
	return done_testing();
}
