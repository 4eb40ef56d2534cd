#include "json/check.h"

#include "json/space.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind the leading run of bytes that are themselves in a string: eight at a time. */
static const char *skip_plain(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	for (; end - p >= 8; p += 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
		/* A byte that is zero, or below 0x20, borrows from its top bit. */
		uint64_t found = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
				 ((slash - ones) & ~slash);
		if (found & highs)
			break;
	}
	return p;
}

/* p is behind the opening quote. Behind the closing one, or NULL with *bad set. */
static const char *check_string(const char *p, const char *end, const char **bad)
{
	for (p = skip_plain(p, end); p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"')
			return p + 1;
		if (c < 0x20)
			break;
		if (c != '\\')
			continue;
		if (++p == end)
			break;
		if (*p == 'u') {
			if (end - p < 5 || !is_hex(p[1]) || !is_hex(p[2]) || !is_hex(p[3]) ||
			    !is_hex(p[4]))
				break;
			p += 4;
		} else if (!memchr("\"\\/bfnrt", *p, 8)) {
			break;
		}
		p = skip_plain(p + 1, end) - 1;
	}
	*bad = p;
	return NULL;
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static const char *check_number(const char *p, const char *end, const char **bad)
{
	if (p < end && *p == '-')
		p++;
	const char *digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1)) {
		*bad = digits;
		return NULL;
	}
	if (p < end && *p == '.') {
		const char *fraction = ++p;
		p = skip_digits(p, end);
		if (p == fraction) {
			*bad = p;
			return NULL;
		}
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		const char *exponent = p;
		p = skip_digits(p, end);
		if (p == exponent) {
			*bad = p;
			return NULL;
		}
	}
	return p;
}

static const char *check_word(const char *p, const char *end, const char *word, const char **bad)
{
	size_t n = strlen(word);
	if ((size_t)(end - p) >= n && memcmp(p, word, n) == 0)
		return p + n;
	*bad = p;
	return NULL;
}

/* Anything but an array or an object. */
static const char *check_scalar(const char *p, const char *end, const char **bad)
{
	switch (*p) {
	case '"':
		return check_string(p + 1, end, bad);
	case 't':
		return check_word(p, end, "true", bad);
	case 'f':
		return check_word(p, end, "false", bad);
	case 'n':
		return check_word(p, end, "null", bad);
	default:
		return check_number(p, end, bad);
	}
}

/* One bit per level: 1 = object, 0 = array. */
struct nesting {
	unsigned char bits[JSON_DEPTH_MAX / 8];
	size_t depth;
};

static void nesting_push(struct nesting *n, bool is_object)
{
	unsigned char bit = (unsigned char)(1u << (n->depth % 8));
	if (is_object)
		n->bits[n->depth / 8] |= bit;
	else
		n->bits[n->depth / 8] &= (unsigned char)~bit;
	n->depth++;
}

static bool nesting_is_object(const struct nesting *n)
{
	size_t top = n->depth - 1;
	return n->bits[top / 8] >> (top % 8) & 1;
}

/* A key and its colon. */
static const char *check_key(const char *p, const char *end, const char **bad)
{
	p = json_skip_space(p, end);
	if (p == end || *p != '"') {
		*bad = p;
		return NULL;
	}
	p = check_string(p + 1, end, bad);
	if (!p)
		return NULL;
	p = json_skip_space(p, end);
	if (p == end || *p != ':') {
		*bad = p;
		return NULL;
	}
	return p + 1;
}

/* After a value: closers and at most one comma. Sets *is_done behind the outermost value. */
static const char *check_after_value(const char *p, const char *end, struct nesting *nest,
				     bool *is_done, const char **bad)
{
	for (;;) {
		p = json_skip_space(p, end);
		if (nest->depth == 0) {
			*is_done = true;
			return p;
		}
		bool in_object = nesting_is_object(nest);
		if (p < end && *p == (in_object ? '}' : ']')) {
			nest->depth--;
			p++;
			continue;
		}
		if (p < end && *p == ',')
			return in_object ? check_key(p + 1, end, bad) : p + 1;
		*bad = p;
		return NULL;
	}
}

static const char *check_text(const char *p, const char *end, const char **bad)
{
	struct nesting nest;
	nest.depth = 0;
	bool is_done = false;
	while (!is_done) {
		p = json_skip_space(p, end);
		if (p == end) {
			*bad = p;
			return NULL;
		}
		if (*p == '{' || *p == '[') {
			bool is_object = *p == '{';
			if (nest.depth == JSON_DEPTH_MAX) {
				*bad = p;
				return NULL;
			}
			nesting_push(&nest, is_object);
			const char *first = json_skip_space(p + 1, end);
			if (first < end && *first == (is_object ? '}' : ']'))
				p = check_after_value(first, end, &nest, &is_done, bad);
			else
				p = is_object ? check_key(first, end, bad) : first;
		} else {
			p = check_scalar(p, end, bad);
			if (p)
				p = check_after_value(p, end, &nest, &is_done, bad);
		}
		if (!p)
			return NULL;
	}
	return p;
}

int json_check(struct span text, size_t *ret_bad_offset)
{
	const char *end = text.p + text.n, *bad = text.p;
	const char *p = text.p ? check_text(text.p, end, &bad) : NULL;
	if (p && p == end)
		return 0;
	if (ret_bad_offset)
		*ret_bad_offset = (size_t)((p ? p : bad) - text.p);
	return -1;
}
