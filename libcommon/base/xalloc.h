/* Allocation that cannot fail: out of memory ends the process with status 70. */
#ifndef SA_BASE_XALLOC_H
#define SA_BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Each result is owned by the caller and released with free(). */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull));
/* Resize to count * size bytes; the product is checked for overflow. */
void *xreallocarray(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));
/* NULL in, NULL out. */
char *xstrdup(const char *s);
/* Copy len bytes and add a NUL. */
char *xmemdup0(const void *data, size_t len) __attribute__((returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

#endif
