#include "http/value.h"

#include "base/num.h"
#include "http/octet.h"
#include "http/request.h"

#include <stdio.h>
#include <time.h>

/* Length of the list member at the start of s: up to a comma outside quotes. */
static size_t member_length(struct span s)
{
	bool is_quoted = false;
	size_t i = 0;
	for (; i < s.n; i++) {
		if (s.p[i] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && s.p[i] == '\\')
			i++;
		else if (!is_quoted && s.p[i] == ',')
			break;
	}
	return i < s.n ? i : s.n;
}

bool http_list_next(struct span *rest, struct span *ret_item)
{
	while (rest->n) {
		size_t n = member_length(*rest);
		struct span item = http_trim((struct span){rest->p, n});
		size_t used = n < rest->n ? n + 1 : n;
		*rest = (struct span){rest->p + used, rest->n - used};
		if (item.n) {
			*ret_item = item;
			return true;
		}
	}
	return false;
}

bool http_list_has(struct span list, const char *token)
{
	struct span item;
	while (http_list_next(&list, &item))
		if (http_is_nocase(item, token))
			return true;
	return false;
}

/* "type/subtype" without parameters. */
static struct span essence(struct span value)
{
	const char *end = value.n ? memchr(value.p, ';', value.n) : NULL;
	if (end)
		value.n = (size_t)(end - value.p);
	return http_trim(value);
}

bool http_media_type_is(struct span value, const char *type)
{
	return http_is_nocase(essence(value), type);
}

bool http_accept_admits(struct span accept, const char *type)
{
	struct span item, wanted = span_of(type);
	const char *slash = memchr(type, '/', wanted.n);
	size_t major = slash ? (size_t)(slash - type) + 1 : 0;
	if (!accept.p)
		return true;
	while (http_list_next(&accept, &item)) {
		struct span range = essence(item);
		if (span_is(range, "*/*") || http_equal_nocase(range, wanted))
			return true;
		if (major && range.n == major + 1 && range.p[major] == '*' &&
		    http_equal_nocase((struct span){range.p, major}, (struct span){type, major}))
			return true;
	}
	return false;
}

bool http_request_accepts(const struct http_request *r, const char *type)
{
	bool is_there = false;
	for (size_t i = 0; i < r->header_count; i++) {
		if (r->headers[i].field != HTTP_ACCEPT)
			continue;
		is_there = true;
		if (http_accept_admits(r->headers[i].value, type))
			return true;
	}
	return !is_there;
}

struct span http_bearer_token(struct span authorization)
{
	enum { SCHEME_BYTES = sizeof("Bearer ") - 1 };
	if (!span_starts_with(authorization, "Bearer ") || authorization.n == SCHEME_BYTES)
		return SPAN_NONE;
	struct span token = {authorization.p + SCHEME_BYTES, authorization.n - SCHEME_BYTES};
	if (memchr(token.p, ' ', token.n) || memchr(token.p, '\t', token.n))
		return SPAN_NONE;
	return token;
}

bool http_secret_equal(struct span given, struct span secret)
{
	if (!given.p || secret.n == 0)
		return false;
	/* volatile: the compiler must not end the loop at the first difference. */
	volatile unsigned char difference = given.n != secret.n;
	for (size_t i = 0, k = 0; i < given.n; i++) {
		difference = (unsigned char)(difference | ((unsigned char)given.p[i] ^
							   (unsigned char)secret.p[k]));
		k = k + 1 < secret.n ? k + 1 : 0;
	}
	return difference == 0;
}

int http_last_event_id(struct span value, uint64_t *ret_id)
{
	if (value.n == 0)
		return 0;
	return num_parse_u64(value, UINT64_MAX, ret_id) < 0 ? -1 : 1;
}

void http_format_date(int64_t unix_s, char *out)
{
	/* strftime would ask the locale. */
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)unix_s;
	struct tm tm;
	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099) {
		t = 0;
		gmtime_r(&t, &tm);
	}
	snprintf(out, HTTP_DATE_BYTES, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		 days + 3 * (tm.tm_wday % 7), tm.tm_mday % 100, months + 3 * (tm.tm_mon % 12),
		 (tm.tm_year + 1900) % 10000, tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

int http_parse_date(struct span value, int64_t *ret_unix_s)
{
	/* IMF-fixdate, and the obsolete ones of RFC 850 and asctime(3). */
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
					    "%a, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
	char text[HTTP_DATE_BYTES];
	if (!value.p || value.n >= sizeof(text))
		return -1;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {.tm_isdst = 0};
		const char *end = strptime(text, forms[i], &tm);
		if (!end || *end || end != text + value.n)
			continue;
		*ret_unix_s = timegm(&tm);
		return 0;
	}
	return -1;
}
