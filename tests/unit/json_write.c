#include "base/utf8.h"
#include "tap.h"
#include "json/scan.h"
#include "json/write.h"

static void records(void)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "s", "x");
	json_kv_string(&b, "absent", NULL);
	json_kv_int(&b, "i", INT64_MIN);
	json_kv_bool(&b, "t", true);
	json_kv_raw(&b, "r", span_of("{\"n\":1.10}"));
	json_kv_raw(&b, "absent", SPAN_NONE);
	json_kv_span(&b, "e", span_of(""));
	json_key(&b, "a");
	json_open(&b, '[');
	json_open(&b, '[');
	json_close(&b, ']');
	json_add_int(&b, 1);
	json_add_null(&b);
	json_add_bool(&b, false);
	json_add_string(&b, span_of("{"));
	json_add_string(&b, span_of("["));
	json_add_string(&b, span_of(":"));
	json_open(&b, '{');
	json_close(&b, '}');
	json_add_raw(&b, span_of("2"));
	json_close(&b, ']');
	json_kv_time(&b, "at", 1);
	json_kv_time(&b, "never", 0);
	json_close(&b, '}');
	is_text(
	    buf_span(&b),
	    "{\"s\":\"x\",\"i\":-9223372036854775808,\"t\":true,\"r\":{\"n\":1.10},\"e\":\"\","
	    "\"a\":[[],1,null,false,\"{\",\"[\",\":\",{},2],\"at\":\"1970-01-01T00:00:00.001Z\"}",
	    "a record with everything, commas by themselves");
	is_int(json_check(buf_span(&b), NULL), 0, "and it is JSON");
	buf_addc(&b, '\n');
	json_open(&b, '{');
	json_close(&b, '}');
	ok(memcmp(b.data + b.len - 4, "}\n{}", 4) == 0, "behind a newline no comma comes");
	buf_clear(&b);
	json_open(&b, '[');
	json_add_raw(&b, span_of("1\n"));
	json_add_raw(&b, span_of(" 2 "));
	json_add_int(&b, 3);
	json_close(&b, ']');
	is_int(json_check(buf_span(&b), NULL), 0, "white space around raw JSON does no harm");
	buf_free(&b);
}

static void escapes(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "\"\""},
	    {"\"\\/", "\"\\\"\\\\/\""},
	    {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
	    {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
	    {"\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\""},
	    {"a\xff\n\xc3", "\"a\xef\xbf\xbd\\n\xef\xbf\xbd\""},
	    {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT(1000);
		json_add_string(&b, span_of(cases[i].text));
		is_text(buf_span(&b), cases[i].want, "escape case");
		buf_free(&b);
	}
	struct buf b = BUF_INIT(1000);
	json_add_string(&b, (struct span){"a\0b", 3});
	is_text(buf_span(&b), "\"a\\u0000b\"", "U+0000 is escaped");
	buf_clear(&b);
	json_open(&b, '{');
	json_kv_int(&b, "a\"\n", 1);
	json_close(&b, '}');
	is_text(buf_span(&b), "{\"a\\\"\\n\":1}", "keys are escaped as well");
	buf_free(&b);
}

/* Every pair of bytes survives being written and read (repaired where it is no UTF-8). */
static void round_trip(void)
{
	bool is_right = true;
	for (unsigned pair = 0; pair < 65536; pair++) {
		char bytes[2] = {(char)(pair >> 8), (char)(pair & 255)};
		struct span text = {bytes, 2};
		struct buf written = BUF_INIT(100), read = BUF_INIT(100), want = BUF_INIT(100);
		json_add_string(&written, text);
		utf8_add_repaired(&want, text);
		is_right = is_right && json_check(buf_span(&written), NULL) == 0 &&
			   json_string_add(&read, buf_span(&written)) == 0 &&
			   span_equal(buf_span(&read), buf_span(&want));
		buf_free(&written);
		buf_free(&read);
		buf_free(&want);
	}
	ok(is_right, "every pair of bytes survives writing and reading");
}

static void words(void)
{
	char one[] = "a b", two[] = "\"";
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "x", "y");
	json_key(&b, "argv");
	json_add_words(&b, (char *const[]){one, two, NULL});
	json_key(&b, "none");
	json_add_words(&b, (char *const[]){NULL});
	json_close(&b, '}');
	is_str(b.data, "{\"x\":\"y\",\"argv\":[\"a b\",\"\\\"\"],\"none\":[]}",
	       "words as an array");
	buf_free(&b);
}

static void full(void)
{
	bool is_told = true, is_bounded = true;
	for (size_t max = 0; max < 40; max++) {
		struct buf b = BUF_INIT(max);
		json_open(&b, '{');
		json_kv_string(&b, "key", "value\n\xff");
		json_kv_int(&b, "n", 12345);
		json_close(&b, '}');
		bool is_whole = json_check(buf_span(&b), NULL) == 0;
		is_told = is_told && b.is_overflowed == !is_whole;
		is_bounded = is_bounded && b.len <= max;
		buf_free(&b);
	}
	ok(is_told, "a record is whole, or the buffer says that it overflowed");
	ok(is_bounded, "the ceiling holds throughout");
}

int main(void)
{
	records();
	escapes();
	round_trip();
	words();
	full();
	return done_testing();
}
