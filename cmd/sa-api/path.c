#include "path.h"

#include "base/error.h"
#include "base/utf8.h"
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

int path_check_text(const char *text, struct sa_error *err)
{
	if (!text || utf8_is_valid(span_of(text)))
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "'%s' is not UTF-8: a server would take it for something else", text);
}
