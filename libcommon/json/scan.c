#include "json/scan.h"

#include "base/num.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/space.h"

#include <stdlib.h>
#include <string.h>

/* --- finding: the text is known to be JSON ------------------------------- */

static const char *skip_string(const char *p, const char *end)
{
	const char *start = ++p;
	while ((p = memchr(p, '"', (size_t)(end - p)))) {
		/* A quote behind an odd number of backslashes is part of the text. */
		const char *slash = p++;
		while (slash > start && slash[-1] == '\\')
			slash--;
		if ((p - 1 - slash) % 2 == 0)
			return p;
	}
	return end;
}

static const char *skip_value(const char *p, const char *end)
{
	if (p < end && *p == '"')
		return skip_string(p, end);
	if (p == end || (*p != '{' && *p != '[')) {
		while (p < end && !json_is_space(*p) && *p != ',' && *p != '}' && *p != ']')
			p++;
		return p;
	}
	size_t depth = 0;
	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
		p++;
	}
	return end;
}

enum json_type json_type(struct span value)
{
	if (!value.p || value.n == 0)
		return JSON_NONE;
	switch (value.p[0]) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

struct json_iter json_iter(struct span container)
{
	container = span_trim(container);
	enum json_type type = json_type(container);
	if (type != JSON_OBJECT && type != JSON_ARRAY)
		return (struct json_iter){NULL, NULL, false};
	return (struct json_iter){container.p + 1, container.p + container.n, type == JSON_OBJECT};
}

bool json_next(struct json_iter *it, struct span *ret_key, struct span *ret_value)
{
	const char *p = it->p, *end = it->end;
	if (!p)
		return false;
	while (p < end && (json_is_space(*p) || *p == ','))
		p++;
	if (p >= end || *p == '}' || *p == ']') {
		it->p = NULL;
		return false;
	}
	struct span key = SPAN_NONE;
	if (it->is_object) {
		const char *after = skip_value(p, end);
		key = (struct span){p, (size_t)(after - p)};
		p = json_skip_space(after, end);
		if (p < end && *p == ':')
			p = json_skip_space(p + 1, end);
	}
	const char *after = skip_value(p, end);
	if (ret_key)
		*ret_key = key;
	*ret_value = (struct span){p, (size_t)(after - p)};
	/* A byte that belongs to no value would stop the walk from moving on. */
	it->p = after > it->p ? after : NULL;
	return true;
}

void json_members(struct span object, const char *const *names, struct span *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = SPAN_NONE;
	struct json_iter it = json_iter(object);
	if (!it.is_object)
		return;
	struct span key, value;
	while (json_next(&it, &key, &value))
		for (size_t i = 0; i < count; i++)
			if (json_string_is(key, names[i])) {
				values[i] = value;
				break;
			}
}

struct span json_get(struct span object, const char *name)
{
	struct span value;
	json_members(object, &name, &value, 1);
	return value;
}

struct span json_path(struct span value, const char *path)
{
	while (*path) {
		char name[64];
		size_t n = strcspn(path, ".");
		if (n >= sizeof(name))
			return SPAN_NONE;
		memcpy(name, path, n);
		name[n] = '\0';
		value = json_get(value, name);
		path += n + (path[n] == '.');
	}
	return value;
}

/* --- scalars -------------------------------------------------------------- */

static uint32_t hex4(const char *p)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
		value = value << 4 | (digit & 15);
	}
	return value;
}

/* p is behind "\u". Appends the character; how many bytes behind "\u" were used. */
static size_t add_unicode_escape(struct buf *b, const char *p, const char *end)
{
	if (end - p < 4) {
		utf8_add(b, 0xfffd);
		return (size_t)(end - p);
	}
	uint32_t cp = hex4(p);
	if (cp >= 0xd800 && cp < 0xdc00 && end - p >= 10 && p[4] == '\\' && p[5] == 'u') {
		uint32_t low = hex4(p + 6);
		if (low >= 0xdc00 && low < 0xe000) {
			utf8_add(b, 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00));
			return 10;
		}
	}
	utf8_add(b, cp >= 0xd800 && cp < 0xe000 ? 0xfffd : cp);
	return 4;
}

int json_string_add(struct buf *b, struct span value)
{
	if (json_type(value) != JSON_STRING || value.n < 2)
		return -1;
	const char *p = value.p + 1, *end = value.p + value.n - 1;
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		const char *stop = slash ? slash : end;
		if (utf8_add_repaired(b, (struct span){p, (size_t)(stop - p)}) < 0)
			return -1;
		p = stop;
		if (!slash || ++p == end)
			break;
		static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
		const char *known = strchr(from, *p);
		if (*p == 'u')
			p += 1 + add_unicode_escape(b, p + 1, end);
		else if (known && *p && buf_addc(b, to[known - from]) == 0)
			p++;
		else
			p++;
	}
	return b->is_overflowed ? -1 : 0;
}

char *json_string_dup(struct span value)
{
	/* A repaired byte takes three: the text may be longer than its source. */
	struct buf b = BUF_INIT(value.n * 3);
	if (json_string_add(&b, value) < 0 || (b.len && memchr(b.data, '\0', b.len))) {
		buf_free(&b);
		return NULL;
	}
	return buf_take(&b);
}

bool json_string_is(struct span value, const char *text)
{
	size_t n = strlen(text);
	if (json_type(value) != JSON_STRING || value.n < n + 2)
		return false;
	if (value.n == n + 2 && memcmp(value.p + 1, text, n) == 0)
		return memchr(text, '\\', n) == NULL;
	if (!memchr(value.p, '\\', value.n))
		return false;
	char *decoded = json_string_dup(value);
	bool is_same = decoded && strcmp(decoded, text) == 0;
	free(decoded);
	return is_same;
}

struct span json_string_plain(struct span value)
{
	if (json_type(value) != JSON_STRING || value.n < 2 || memchr(value.p, '\\', value.n))
		return SPAN_NONE;
	return (struct span){value.p + 1, value.n - 2};
}

int json_int(struct span value, int64_t *ret_value)
{
	if (json_type(value) != JSON_NUMBER)
		return -1;
	return num_parse_i64(value, INT64_MIN, INT64_MAX, ret_value);
}

int64_t json_int_or(struct span value, int64_t fallback)
{
	int64_t number;
	return json_int(value, &number) == 0 ? number : fallback;
}

bool json_bool_or(struct span value, bool fallback)
{
	enum json_type type = json_type(value);
	return type == JSON_TRUE ? true : type == JSON_FALSE ? false : fallback;
}

double json_double_or(struct span value, double fallback)
{
	char *end;
	if (json_type(value) != JSON_NUMBER)
		return fallback;
	char *text = xmemdup0(value.p, value.n);
	double number = strtod(text, &end);
	bool is_whole = end == text + value.n;
	free(text);
	return is_whole ? number : fallback;
}

bool json_scalar_equal(struct span a, struct span b)
{
	if (json_type(a) != json_type(b))
		return false;
	if (span_equal(a, b))
		return true;
	if (json_type(a) != JSON_STRING || (!memchr(a.p, '\\', a.n) && !memchr(b.p, '\\', b.n)))
		return false;
	struct buf left = BUF_INIT(BUF_MAX_OWN), right = BUF_INIT(BUF_MAX_OWN);
	json_string_add(&left, a);
	json_string_add(&right, b);
	bool is_same = span_equal(buf_span(&left), buf_span(&right));
	buf_free(&left);
	buf_free(&right);
	return is_same;
}
