/*
 * A borrowed run of bytes: pointer and length, not NUL-terminated, never
 * owned. A span with p == NULL means "not there"; an empty one has n == 0
 * and p != NULL. Valid only as long as the bytes it points into.
 */
#ifndef SA_BASE_SPAN_H
#define SA_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN_NONE ((struct span){NULL, 0})
/* A span over a string literal. */
#define SPAN_LIT(s) ((struct span){"" s, sizeof(s) - 1})

/* printf("%.*s", SPAN_ARG(x)) */
#define SPAN_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct span span_of(const char *s)
{
	return (struct span){s, s ? strlen(s) : 0};
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
	return a.p && span_equal(a, span_of(text));
}

static inline bool span_starts_with(struct span a, const char *prefix)
{
	size_t n = strlen(prefix);
	return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

/* Without JSON's white space (RFC 8259 2) at either end. */
static inline struct span span_trim(struct span a)
{
	while (a.n && memchr(" \t\r\n", a.p[0], 4)) {
		a.p++;
		a.n--;
	}
	while (a.n && memchr(" \t\r\n", a.p[a.n - 1], 4))
		a.n--;
	return a;
}

#endif
