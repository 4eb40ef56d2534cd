#include "http/sse.h"

#include <inttypes.h>
#include <stdio.h>

static void flatten(char *p, size_t n)
{
	for (char *cr = n ? memchr(p, '\r', n) : NULL; cr;
	     cr = memchr(cr, '\r', n - (size_t)(cr - p)))
		*cr = ' ';
	for (char *lf = n ? memchr(p, '\n', n) : NULL; lf;
	     lf = memchr(lf, '\n', n - (size_t)(lf - p)))
		*lf = ' ';
}

int sse_frame_add(struct buf *b, const char *event, uint64_t id, struct span data)
{
	char head[128];
	int n =
	    snprintf(head, sizeof(head), "%s%s%sid: %" PRIu64 "\ndata: ", event ? "event: " : "",
		     event ? event : "", event ? "\n" : "", id);
	if (n < 0 || (size_t)n >= sizeof(head) || data.n > SIZE_MAX - sizeof(head) ||
	    buf_reserve(b, (size_t)n + data.n + 2) < 0)
		return -1;
	buf_add(b, head, (size_t)n);
	size_t start = b->len;
	buf_add_span(b, data);
	flatten(b->data + start, data.n);
	return buf_adds(b, "\n\n");
}

int sse_comment_add(struct buf *b, const char *text)
{
	return buf_addf(b, ": %s\n\n", text);
}
