/* Classes of bytes in HTTP messages (RFC 9110 5.5, 5.6.2; RFC 3986 2). */
#ifndef SA_HTTP_OCTET_H
#define SA_HTTP_OCTET_H

#include "base/span.h"

#include <stdbool.h>

enum http_octet {
	OCTET_TOKEN = 1,  /* tchar */
	OCTET_VALUE = 2,  /* field-vchar, SP, HTAB: what a field value may hold */
	OCTET_TARGET = 4, /* what is taken in a request target, see target.h */
	OCTET_HOST = 8,	  /* unreserved: names and IPv4 addresses */
};

extern const unsigned char http_octets[256];

static inline bool http_octet_is(char c, enum http_octet octet_class)
{
	return http_octets[(unsigned char)c] & octet_class;
}

/* How many bytes at the start of s are of the class. */
static inline size_t http_octets_span(struct span s, enum http_octet octet_class)
{
	size_t n = 0;
	while (n < s.n && http_octet_is(s.p[n], octet_class))
		n++;
	return n;
}

/* Is every byte of the class? True for an empty span. */
static inline bool http_octets_all(struct span s, enum http_octet octet_class)
{
	return http_octets_span(s, octet_class) == s.n;
}

/* A non-empty token (RFC 9110 5.6.2). */
static inline bool http_is_token(struct span s)
{
	return s.n && http_octets_all(s, OCTET_TOKEN);
}

/* 0-15, or -1 when c is no hexadecimal digit. */
static inline int http_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Equal but for the case of ASCII letters; the locale has no say. */
bool http_equal_nocase(struct span a, struct span b);
bool http_is_nocase(struct span a, const char *text);
/* Without SP and HTAB at either end (OWS, RFC 9110 5.6.3): no other byte is white space. */
struct span http_trim(struct span s);

#endif
