#include "glob.h"

#include <stddef.h>

/* A set at p, which is behind "[": does it have c? Behind its "]", or NULL when it has no end. */
static const char *match_set(const char *p, unsigned char c, bool *ret_is_in)
{
	bool is_not = *p == '!' || *p == '^', is_in = false;
	p += is_not;
	for (bool is_first = true; *p && (*p != ']' || is_first); is_first = false) {
		unsigned char low = (unsigned char)*p++;
		if (low == '\\' && *p)
			low = (unsigned char)*p++;
		unsigned char high = low;
		if (p[0] == '-' && p[1] && p[1] != ']') {
			high = (unsigned char)p[1];
			p += 2;
			if (high == '\\' && *p)
				high = (unsigned char)*p++;
		}
		is_in = is_in || (c >= low && c <= high);
	}
	if (*p != ']')
		return NULL;
	*ret_is_in = is_in != is_not;
	return p + 1;
}

/* One character of text against the pattern at p, no star. Behind what matched, or NULL. */
static const char *match_one(const char *p, char c)
{
	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		bool is_in = false;
		const char *after = match_set(p + 1, (unsigned char)c, &is_in);
		if (after)
			return is_in ? after : NULL;
	}
	if (*p == '\\' && p[1])
		p++;
	return *p && *p == c ? p + 1 : NULL;
}

bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *star_text = NULL;
	while (*text) {
		const char *after = *pattern == '*' ? NULL : match_one(pattern, *text);
		if (*pattern == '*') {
			star = ++pattern;
			star_text = text;
		} else if (after) {
			pattern = after;
			text++;
		} else if (star) {
			/* The last star takes one more; earlier ones need not change their mind. */
			pattern = star;
			text = ++star_text;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
