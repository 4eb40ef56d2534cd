#include "base/clock.h"

#include <limits.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* count decimal digits of value and what follows them. Behind all of it. */
static char *put_digits(char *p, int value, int count, char separator)
{
	for (int i = count; i-- > 0; value /= 10)
		p[i] = (char)('0' + value % 10);
	p[count] = separator;
	return p + count + 1;
}

/* Part of every record's way, hence no printf. */
void clock_format(int64_t unix_ms, char *out)
{
	int64_t seconds = unix_ms / 1000, rest = unix_ms % 1000;
	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	time_t t = (time_t)seconds;
	struct tm tm;
	if (!gmtime_r(&t, &tm) || tm.tm_year > 8099 || tm.tm_year < -1900) {
		tm = (struct tm){.tm_year = 70, .tm_mday = 1};
		rest = 0;
	}
	char *p = put_digits(out, tm.tm_year + 1900, 4, '-');
	p = put_digits(p, tm.tm_mon + 1, 2, '-');
	p = put_digits(p, tm.tm_mday, 2, 'T');
	p = put_digits(p, tm.tm_hour, 2, ':');
	p = put_digits(p, tm.tm_min, 2, ':');
	p = put_digits(p, tm.tm_sec, 2, '.');
	p = put_digits(p, (int)rest, 3, 'Z');
	*p = '\0';
}

int64_t deadline_after(int64_t ms)
{
	int64_t at;
	if (ms <= 0 || __builtin_add_overflow(clock_monotonic_ms(), ms, &at))
		return DEADLINE_NEVER;
	return at;
}

int deadline_poll_ms(int64_t deadline)
{
	if (deadline == DEADLINE_NEVER)
		return -1;
	int64_t left = deadline - clock_monotonic_ms();
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}
