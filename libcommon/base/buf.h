/*
 * A growing byte buffer with a ceiling. The ceiling is given at creation;
 * an addition that would cross it adds nothing, marks the buffer as
 * overflowed and returns -1. data is always NUL-terminated.
 */
#ifndef SA_BASE_BUF_H
#define SA_BASE_BUF_H

#include "base/span.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* owned; never NULL after the first addition */
	size_t len;
	size_t cap;
	size_t max; /* greatest len that is allowed, bytes */
	bool is_overflowed;
};

/* For buffers whose content this program makes itself and that cannot grow
 * by what a peer sends. */
#define BUF_MAX_OWN ((size_t)1 << 30)

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})

void buf_init(struct buf *b, size_t max); /* allocates nothing */
void buf_clear(struct buf *b);		  /* empty and reusable, keeps the memory */
void buf_free(struct buf *b);		  /* all memory gone, reusable, ceiling kept */
static inline void buf_free_fn(struct buf *b)
{
	buf_free(b);
}
#define cleanup_buf __attribute__((cleanup(buf_free_fn)))

/* Room for n more bytes and a NUL. 0, or -1 when that crosses the ceiling. */
int buf_reserve(struct buf *b, size_t n);
int buf_add(struct buf *b, const void *data, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_add_span(struct buf *b, struct span s);
int buf_add_int(struct buf *b, int64_t value); /* decimal */
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Drop the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* Give memory back when less than a quarter of a large buffer is in use. */
void buf_shrink(struct buf *b);
/* The content as a string that the caller owns; the buffer is empty after. */
char *buf_take(struct buf *b);

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){b->data ? b->data : "", b->len};
}

#endif
