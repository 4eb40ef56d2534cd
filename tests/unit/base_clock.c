#include "base/clock.h"
#include "tap.h"

#include <limits.h>

static void formatting(void)
{
	static const struct {
		int64_t ms;
		const char *want;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {1, "1970-01-01T00:00:00.001Z"},
	    {-1, "1969-12-31T23:59:59.999Z"},
	    {-1000, "1969-12-31T23:59:59.000Z"},
	    {-1001, "1969-12-31T23:59:58.999Z"},
	    {951782400000, "2000-02-29T00:00:00.000Z"},	  /* leap: divisible by 400 */
	    {1709164800000, "2024-02-29T00:00:00.000Z"},  /* leap */
	    {1709251199999, "2024-02-29T23:59:59.999Z"},  /* its last millisecond */
	    {1740787200000, "2025-03-01T00:00:00.000Z"},  /* no leap year */
	    {4107542400000, "2100-03-01T00:00:00.000Z"},  /* 2100 has no 29 February */
	    {4107542399999, "2100-02-28T23:59:59.999Z"},  /* the moment before */
	    {1483228799000, "2016-12-31T23:59:59.000Z"},  /* before a leap second */
	    {1483228800000, "2017-01-01T00:00:00.000Z"},  /* behind it */
	    {2147483648000, "2038-01-19T03:14:08.000Z"},  /* above 32 bits */
	    {-62135596800000, "0001-01-01T00:00:00.000Z"},
	    {253402300799999, "9999-12-31T23:59:59.999Z"},
	    {253402300800000, "1970-01-01T00:00:00.000Z"}, /* out of the format: the epoch */
	    {INT64_MAX, "1970-01-01T00:00:00.000Z"},
	    {INT64_MIN, "1970-01-01T00:00:00.000Z"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CLOCK_TEXT_BYTES];
		clock_format(cases[i].ms, text);
		is_str(text, cases[i].want, cases[i].want);
	}
}

static void deadlines(void)
{
	ok(deadline_after(0) == DEADLINE_NEVER, "zero means never");
	ok(deadline_after(-5) == DEADLINE_NEVER, "so does a negative time");
	ok(deadline_after(INT64_MAX) == DEADLINE_NEVER, "and one beyond the clock");
	is_int(deadline_poll_ms(DEADLINE_NEVER), -1, "never polls without end");
	is_int(deadline_poll_ms(clock_monotonic_ms() - 1), 0, "a passed deadline polls at once");
	is_int(deadline_poll_ms(0), 0, "so does a long passed one");
	int left = deadline_poll_ms(deadline_after(60000));
	ok(left > 59000 && left <= 60000, "a minute is a minute");
	is_int(deadline_poll_ms(deadline_after((int64_t)INT_MAX * 4)), INT_MAX,
	       "more than poll takes becomes its most");
	ok(clock_now_ms() > 1600000000000, "the wall clock is in this century");
}

int main(void)
{
	formatting();
	deadlines();
	return done_testing();
}
