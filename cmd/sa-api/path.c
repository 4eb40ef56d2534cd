#include "path.h"

#include "http/uri.h"

void path_segment(struct buf *b, const char *before, const char *segment)
{
	buf_adds(b, before);
	http_percent_encode(b, span_of(segment));
}

void path_query(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addf(b, "%c%s=", memchr(b->data, '?', b->len) ? '&' : '?', name);
	http_percent_encode(b, span_of(value));
}

void path_query_flag(struct buf *b, const char *name, bool value)
{
	if (value)
		path_query(b, name, "true");
}
