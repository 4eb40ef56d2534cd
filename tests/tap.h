/*
 * TAP for unit tests in C: each check prints one line; a failed one says
 * where and what on stderr. Begin with plan(n), or end with done_testing().
 */
#ifndef SA_TESTS_TAP_H
#define SA_TESTS_TAP_H

#include "base/span.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed, tap_planned;

static inline void plan(int count)
{
	tap_planned = count;
	printf("1..%d\n", count);
}

static inline bool tap_result(const char *file, int line, bool is_ok, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static inline bool tap_result(const char *file, int line, bool is_ok, const char *fmt, ...)
{
	char name[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	for (char *p = name; *p; p++) /* one line, and no directive by accident */
		if ((unsigned char)*p < ' ' || *p == '#')
			*p = '?';
	printf("%sok %d - %s\n", is_ok ? "" : "not ", ++tap_count, name);
	fflush(stdout);
	if (!is_ok) {
		tap_failed++;
		fprintf(stderr, "# failed at %s:%d: %s\n", file, line, name);
	}
	return is_ok;
}

static inline void tap_is_int(const char *file, int line, int64_t got, int64_t want,
			      const char *name)
{
	if (!tap_result(file, line, got == want, "%s", name))
		fprintf(stderr, "#      got %lld\n# expected %lld\n", (long long)got,
			(long long)want);
}

static inline void tap_print_span(const char *title, struct span s)
{
	fputs(title, stderr);
	fputs(s.p ? " [" : " (absent)", stderr);
	if (s.p) {
		fwrite(s.p, 1, s.n, stderr);
		putc(']', stderr);
	}
	putc('\n', stderr);
}

static inline void tap_is_span(const char *file, int line, struct span got, struct span want,
			       const char *name)
{
	bool is_same = (got.p == NULL) == (want.p == NULL) && span_equal(got, want);
	if (tap_result(file, line, is_same, "%s", name))
		return;
	tap_print_span("#      got", got);
	tap_print_span("# expected", want);
}

/* ok(condition, "what holds, with %s", arguments) */
#define ok(condition, ...) tap_result(__FILE__, __LINE__, (condition), __VA_ARGS__)
#define is_int(got, want, name)                                                                    \
	tap_is_int(__FILE__, __LINE__, (int64_t)(got), (int64_t)(want), name)
/* C strings; NULL equals NULL only. */
#define is_str(got, want, name)                                                                    \
	tap_is_span(__FILE__, __LINE__, span_of(got), span_of(want), name)
/* A span against a C string. */
#define is_text(got, want, name) tap_is_span(__FILE__, __LINE__, (got), span_of(want), name)
#define is_span(got, want, name) tap_is_span(__FILE__, __LINE__, (got), (want), name)

static inline void tap_skip(const char *name, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_count, name, why);
}

/* For main to return. */
static inline int done_testing(void)
{
	if (!tap_planned)
		printf("1..%d\n", tap_count);
	else if (tap_planned != tap_count)
		fprintf(stderr, "# planned %d, ran %d\n", tap_planned, tap_count);
	fflush(stdout);
	return tap_failed || (tap_planned && tap_planned != tap_count) ? 1 : 0;
}

#endif
