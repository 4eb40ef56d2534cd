#include "base/buf.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUF_FIRST_BYTES = 256,
	BUF_SHRINK_ABOVE_BYTES = 256 * 1024,
};

void buf_init(struct buf *b, size_t max)
{
	*b = BUF_INIT(max);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->is_overflowed = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

int buf_reserve(struct buf *b, size_t n)
{
	if (n > b->max || b->len > b->max - n) {
		b->is_overflowed = true;
		return -1;
	}
	size_t need = b->len + n + 1;
	if (need <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap : BUF_FIRST_BYTES;
	while (cap < need)
		cap += cap < (1u << 20) ? cap : cap / 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *data, size_t n)
{
	if (buf_reserve(b, n) < 0)
		return -1;
	if (n)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_add_span(struct buf *b, struct span s)
{
	return buf_add(b, s.p, s.n);
}

int buf_add_int(struct buf *b, int64_t value)
{
	char text[20]; /* -9223372036854775808 */
	char *end = text + sizeof(text), *p = end;
	/* Negated in the unsigned: the least value has no positive twin. */
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--p = '-';
	return buf_add(b, p, (size_t)(end - p));
}

int buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	int rc = -1;
	if (n >= 0 && buf_reserve(b, (size_t)n) == 0) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
		rc = 0;
	}
	va_end(again);
	return rc;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int rc = buf_vaddf(b, fmt, ap);
	va_end(ap);
	return rc;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->data, b->data + n, b->len + 1);
}

void buf_shrink(struct buf *b)
{
	if (b->cap <= BUF_SHRINK_ABOVE_BYTES || b->len > b->cap / 4)
		return;
	size_t cap = b->len + 1 > BUF_FIRST_BYTES ? b->len + 1 : BUF_FIRST_BYTES;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
}

char *buf_take(struct buf *b)
{
	char *text = b->data ? b->data : xmemdup0("", 0);
	buf_init(b, b->max);
	return text;
}
