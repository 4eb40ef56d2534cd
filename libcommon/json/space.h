/* White space between the parts of JSON (RFC 8259, section 2); for json/check and json/scan. */
#ifndef SA_JSON_SPACE_H
#define SA_JSON_SPACE_H

#include <stdbool.h>

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline const char *json_skip_space(const char *p, const char *end)
{
	while (p < end && json_is_space(*p))
		p++;
	return p;
}

#endif
