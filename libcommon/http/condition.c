#include "http/condition.h"

#include "base/num.h"
#include "http/value.h"

/* An offset; more than fits is as good as the greatest. false when it is no number. */
static bool parse_offset(struct span text, uint64_t *ret)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	if (text.n == 0)
		return false;
	if (num_parse_u64(text, UINT64_MAX, ret) < 0)
		*ret = UINT64_MAX;
	return true;
}

static bool is_bytes_unit(struct span *value)
{
	static const char unit[] = "bytes=";
	if (value->n < sizeof(unit) - 1 || strncasecmp(value->p, unit, sizeof(unit) - 1) != 0)
		return false;
	value->p += sizeof(unit) - 1;
	value->n -= sizeof(unit) - 1;
	return true;
}

enum http_range http_range_parse(struct span value, uint64_t size_bytes, uint64_t *ret_first,
				 uint64_t *ret_length)
{
	uint64_t first, last;
	value = span_trim(value);
	if (!value.p || !is_bytes_unit(&value))
		return HTTP_RANGE_ALL;
	value = span_trim(value);
	const char *dash = memchr(value.p, '-', value.n);
	if (!dash)
		return HTTP_RANGE_ALL;
	struct span before = {value.p, (size_t)(dash - value.p)};
	struct span behind = {dash + 1, value.n - before.n - 1};
	if (before.n == 0) { /* the last so many */
		if (!parse_offset(behind, &last))
			return HTTP_RANGE_ALL;
		if (last == 0 || size_bytes == 0)
			return HTTP_RANGE_UNSATISFIABLE;
		*ret_length = last < size_bytes ? last : size_bytes;
		*ret_first = size_bytes - *ret_length;
		return HTTP_RANGE_PART;
	}
	if (!parse_offset(before, &first))
		return HTTP_RANGE_ALL;
	last = UINT64_MAX;
	if (behind.n && (!parse_offset(behind, &last) || last < first))
		return HTTP_RANGE_ALL;
	if (first >= size_bytes)
		return HTTP_RANGE_UNSATISFIABLE;
	*ret_first = first;
	*ret_length = (last < size_bytes ? last + 1 : size_bytes) - first;
	return HTTP_RANGE_PART;
}

/* Without "W/"; whether that was there. */
static bool strip_weak(struct span *tag)
{
	if (!span_starts_with(*tag, "W/"))
		return false;
	tag->p += 2;
	tag->n -= 2;
	return true;
}

/* The quoted string at the start of *rest, which moves on behind it. false when there is none. */
static bool take_quoted(struct span *rest, struct span *ret)
{
	const char *end =
	    rest->n > 1 && rest->p[0] == '"' ? memchr(rest->p + 1, '"', rest->n - 1) : NULL;
	if (!end)
		return false;
	*ret = (struct span){rest->p, (size_t)(end + 1 - rest->p)};
	rest->n -= ret->n;
	rest->p = end + 1;
	return true;
}

bool http_etag_matches(struct span list, struct span etag, bool is_weak)
{
	list = span_trim(list);
	if (!list.p || !etag.p)
		return false;
	if (span_is(list, "*"))
		return true;
	bool is_etag_weak = strip_weak(&etag);
	while (list.n) {
		struct span tag;
		bool is_tag_weak = strip_weak(&list);
		if (!take_quoted(&list, &tag))
			return false;
		if (span_equal(tag, etag) && (is_weak || (!is_tag_weak && !is_etag_weak)))
			return true;
		list = span_trim(list);
		if (list.n && list.p[0] != ',')
			return false;
		while (list.n && memchr(", \t", list.p[0], 3)) {
			list.p++;
			list.n--;
		}
	}
	return false;
}

enum http_condition http_conditions_judge(const struct http_conditions *conditions,
					  struct span etag, int64_t modified_s)
{
	int64_t date_s;
	if (conditions->if_match.p) {
		if (!http_etag_matches(conditions->if_match, etag, false))
			return HTTP_CONDITION_CHANGED;
	} else if (etag.p && http_parse_date(conditions->if_unmodified_since, &date_s) == 0 &&
		   modified_s > date_s) {
		return HTTP_CONDITION_CHANGED;
	}
	if (conditions->if_none_match.p)
		return http_etag_matches(conditions->if_none_match, etag, true)
			   ? HTTP_CONDITION_SAME
			   : HTTP_CONDITION_HOLDS;
	if (etag.p && http_parse_date(conditions->if_modified_since, &date_s) == 0 &&
	    modified_s <= date_s)
		return HTTP_CONDITION_SAME;
	return HTTP_CONDITION_HOLDS;
}
