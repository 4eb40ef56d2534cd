#include "expiry.h"

#include "secret.h"

#include "base/num.h"
#include "json/scan.h"

#include <stdbool.h>

/* Below this a number counts seconds: year 5138 in seconds, 1973 in milliseconds. */
#define SECONDS_BELOW 100000000000LL
enum { JWT_PAYLOAD_MAX_BYTES = 64 * 1024 };

/* Exactly digits decimal digits at *s; the cursor moves behind them. 0, or -1. */
static int take_number(struct span *s, size_t digits, int64_t *ret_value)
{
	uint64_t value;
	if (s->n < digits || num_parse_u64((struct span){s->p, digits}, 9999, &value) < 0)
		return -1;
	s->p += digits;
	s->n -= digits;
	*ret_value = (int64_t)value;
	return 0;
}

static int take_one_of(struct span *s, const char *set)
{
	if (s->n == 0 || *s->p == '\0' || !strchr(set, *s->p))
		return -1;
	s->p++;
	s->n--;
	return 0;
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static int take_fraction(struct span *s, int64_t *ret_ms)
{
	int64_t ms = 0, unit = 100;
	size_t count = 0;
	for (; s->n && *s->p >= '0' && *s->p <= '9'; s->p++, s->n--, count++) {
		ms += (*s->p - '0') * unit;
		unit /= 10;
	}
	*ret_ms = ms;
	return count ? 0 : -1;
}

static int take_offset(struct span *s, int64_t *ret_minutes)
{
	if (take_one_of(s, "Zz") == 0) {
		*ret_minutes = 0;
		return 0;
	}
	bool is_west = s->n && *s->p == '-';
	int64_t hours, minutes;
	if (take_one_of(s, "+-") || take_number(s, 2, &hours) || take_one_of(s, ":") ||
	    take_number(s, 2, &minutes) || hours > 23 || minutes > 59)
		return -1;
	*ret_minutes = (hours * 60 + minutes) * (is_west ? -1 : 1);
	return 0;
}

int expiry_parse_rfc3339(struct span s, int64_t *ret_ms)
{
	static const int8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year, month, day, hour, minute, second, ms = 0, offset;
	if (take_number(&s, 4, &year) || take_one_of(&s, "-") || take_number(&s, 2, &month) ||
	    take_one_of(&s, "-") || take_number(&s, 2, &day) || take_one_of(&s, "Tt ") ||
	    take_number(&s, 2, &hour) || take_one_of(&s, ":") || take_number(&s, 2, &minute) ||
	    take_one_of(&s, ":") || take_number(&s, 2, &second))
		return -1;
	if (take_one_of(&s, ".") == 0 && take_fraction(&s, &ms) < 0)
		return -1;
	if (take_offset(&s, &offset) < 0 || s.n)
		return -1;
	/* 60 is a leap second; it counts as the second after. */
	if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1] || hour > 23 ||
	    minute > 59 || second > 60)
		return -1;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month == 2 && day == 29 && !is_leap)
		return -1;
	int64_t minutes = (days_of_date(year, month, day) * 24 + hour) * 60 + minute - offset;
	*ret_ms = (minutes * 60 + second) * 1000 + ms;
	return 0;
}

static int64_t of_number(double number)
{
	if (!(number > -9e15 && number < 9e15))
		return 0;
	int64_t value = (int64_t)number;
	return value < SECONDS_BELOW ? value * 1000 : value;
}

int64_t expiry_of_text(struct span text)
{
	int64_t number, ms;
	if (num_parse_i64(text, INT64_MIN, INT64_MAX, &number) == 0)
		return of_number((double)number);
	return expiry_parse_rfc3339(text, &ms) == 0 ? ms : 0;
}

int64_t expiry_of_json(struct span value)
{
	if (json_type(value) == JSON_NUMBER)
		return of_number(json_double_or(value, 0));
	struct span text = json_string_plain(value);
	return text.p ? expiry_of_text(text) : 0;
}

/* RFC 4648 5, unpadded. 0, or -1. */
static int add_base64url(struct buf *b, struct span text)
{
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
			    : c >= 'a' && c <= 'z' ? c - 'a' + 26
			    : c >= '0' && c <= '9' ? c - '0' + 52
			    : c == '-'		   ? 62
			    : c == '_'		   ? 63
						   : -1;
		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (buf_addc(b, (char)(bits >> have & 0xff)) < 0)
			return -1;
	}
	return 0;
}

int64_t expiry_of_jwt(struct span token)
{
	const char *first = token.n ? memchr(token.p, '.', token.n) : NULL;
	if (!first)
		return 0;
	const char *begin = first + 1;
	size_t left = token.n - (size_t)(begin - token.p);
	const char *second = memchr(begin, '.', left);
	if (!second)
		return 0;
	cleanup_secret_buf struct buf payload = BUF_INIT(JWT_PAYLOAD_MAX_BYTES);
	struct span text = {begin, (size_t)(second - begin)};
	if (buf_reserve(&payload, text.n) < 0 || add_base64url(&payload, text) < 0 ||
	    json_check(buf_span(&payload), NULL) < 0)
		return 0;
	return expiry_of_json(json_get(buf_span(&payload), "exp"));
}
