#include "base/buf.h"
#include "base/utf8.h"
#include "tap.h"

static void ceiling(void)
{
	struct buf b = BUF_INIT(8);
	is_int(buf_adds(&b, "12345678"), 0, "exactly the ceiling fits");
	is_int(b.len, 8, "its length is right");
	is_int(b.data[8], 0, "a NUL stands behind a full buffer");
	ok(!b.is_overflowed, "a full buffer is not an overflowed one");
	is_int(buf_addc(&b, 'x'), -1, "one byte more is refused");
	ok(b.is_overflowed, "the refusal is marked");
	is_str(b.data, "12345678", "the content is untouched by it");
	buf_clear(&b);
	ok(!b.is_overflowed && b.len == 0, "clear makes it empty and usable");
	is_int(buf_addf(&b, "%s", "123456789"), -1, "formatted text obeys the ceiling");
	is_int(b.len, 0, "a refused addition adds nothing");
	is_int(buf_addf(&b, "%d", 12345678), 0, "formatted text up to the ceiling fits");
	is_int(buf_reserve(&b, SIZE_MAX), -1, "an absurd size is refused, not wrapped");
	buf_free(&b);
	is_int(b.max, 8, "free keeps the ceiling");
	is_int(buf_adds(&b, "again"), 0, "and the buffer can be used again");
	buf_free(&b);

	struct buf none = BUF_INIT(0);
	is_int(buf_adds(&none, ""), 0, "nothing fits into a ceiling of zero");
	is_str(none.data, "", "and is a string");
	is_int(buf_addc(&none, 'x'), -1, "a byte does not");
	buf_free(&none);
}

static void integers(void)
{
	struct buf b = BUF_INIT(100);
	static const struct {
		int64_t value;
		const char *want;
	} cases[] = {{0, "0"}, {-1, "-1"}, {10, "10"}, {INT64_MAX, "9223372036854775807"},
		     {INT64_MIN, "-9223372036854775808"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&b);
		buf_add_int(&b, cases[i].value);
		is_str(b.data, cases[i].want, cases[i].want);
	}
	buf_free(&b);
	struct buf small = BUF_INIT(2);
	is_int(buf_add_int(&small, 123), -1, "a number obeys the ceiling");
	buf_free(&small);
}

static void growth(void)
{
	struct buf b = BUF_INIT(3000000);
	bool is_right = true;
	for (int i = 0; i < 3000000; i++)
		is_right = is_right && buf_addc(&b, (char)('a' + i % 26)) == 0;
	ok(is_right, "three million single bytes fit");
	ok(b.cap <= 3000001, "the memory never crosses the ceiling");
	for (size_t i = 0; i < b.len; i++)
		is_right = is_right && b.data[i] == (char)('a' + i % 26);
	ok(is_right, "and are what was added");
	buf_consume(&b, 2999999);
	is_int(b.len, 1, "consume leaves the rest");
	is_int(b.data[0], 'a' + 2999999 % 26, "the rest is the end");
	buf_shrink(&b);
	ok(b.cap < 1024 && b.len == 1 && b.data[1] == '\0', "shrink gives the memory back");
	buf_consume(&b, 0);
	buf_consume(&b, 1);
	is_str(b.data, "", "consume everything leaves an empty string");
	buf_free(&b);
}

static void taking(void)
{
	struct buf b = BUF_INIT(100);
	char *empty = buf_take(&b);
	is_str(empty, "", "an untouched buffer yields an empty string");
	free(empty);
	is_text(buf_span(&b), "", "the span of an untouched buffer is empty, not absent");
	buf_add(&b, "a\0b", 3);
	char *text = buf_take(&b);
	ok(memcmp(text, "a\0b", 4) == 0, "take yields the bytes with a NUL behind");
	ok(b.data == NULL && b.len == 0 && b.max == 100, "and leaves an empty buffer");
	free(text);
	buf_add_span(&b, SPAN_NONE);
	is_int(b.len, 0, "an absent span adds nothing");
	buf_free(&b);
}

static void spans(void)
{
	is_text(span_trim(span_of(" \t\r\n a b \n")), "a b", "trim takes JSON's white space");
	is_text(span_trim(span_of("  ")), "", "trim of blanks is empty");
	ok(span_trim(SPAN_NONE).p == NULL, "trim of nothing is nothing");
	ok(!span_is(SPAN_NONE, ""), "an absent span is not the empty string");
	ok(span_starts_with(span_of("abc"), "ab"), "a prefix is found");
	ok(!span_starts_with(span_of("a"), "ab"), "a prefix longer than the span is not");
}

int main(void)
{
	ceiling();
	integers();
	growth();
	taking();
	spans();
	return done_testing();
}
