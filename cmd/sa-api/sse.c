#include "sse.h"

enum { SSE_FIELD_BYTES = 4096 };

void sse_init(struct sse_reader *reader, sse_event_fn *fn, void *arg)
{
	*reader = (struct sse_reader){.fn = fn, .arg = arg};
	lines_init(&reader->lines, LINES_LIMIT_DEFAULT);
	buf_init(&reader->name, SSE_FIELD_BYTES);
	buf_init(&reader->id, SSE_FIELD_BYTES);
	buf_init(&reader->data, LINES_LIMIT_DEFAULT);
}

void sse_free(struct sse_reader *reader)
{
	lines_free(&reader->lines);
	buf_free(&reader->name);
	buf_free(&reader->id);
	buf_free(&reader->data);
}

/* An empty line: the event is whole. */
static int dispatch(struct sse_reader *r)
{
	int rc = 0;
	if (r->has_data) {
		struct sse_event event = {
		    .name = r->name.len ? buf_span(&r->name) : SPAN_LIT("message"),
		    .id = r->has_id ? buf_span(&r->id) : SPAN_NONE,
		    .data = buf_span(&r->data),
		};
		rc = r->fn(r->arg, &event);
	}
	buf_clear(&r->name);
	buf_clear(&r->data);
	r->has_data = false;
	return rc;
}

/* "name: value", "name:value" or "name". */
static int take_field(struct sse_reader *r, struct span line)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct span name = {line.p, colon ? (size_t)(colon - line.p) : line.n};
	struct span value = {line.p + name.n, 0};
	if (colon) {
		value = (struct span){colon + 1, line.n - name.n - 1};
		if (value.n && value.p[0] == ' ')
			value = (struct span){value.p + 1, value.n - 1};
	}
	if (span_is(name, "data")) {
		if (r->has_data && buf_addc(&r->data, '\n') < 0)
			return -1;
		r->has_data = true;
		return buf_add_span(&r->data, value);
	}
	if (span_is(name, "event")) {
		buf_clear(&r->name);
		return buf_add_span(&r->name, value);
	}
	if (span_is(name, "id") && !memchr(value.p, '\0', value.n)) {
		buf_clear(&r->id);
		r->has_id = true;
		return buf_add_span(&r->id, value);
	}
	return 0;
}

int sse_feed(struct sse_reader *reader, struct span data)
{
	struct span line;
	enum lines_result result;
	lines_feed(&reader->lines, data);
	while ((result = lines_next(&reader->lines, &line)) != LINES_MORE) {
		if (result == LINES_TOO_LONG)
			return -1;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		int rc = line.n == 0 ? dispatch(reader) : take_field(reader, line);
		if (rc != 0)
			return rc;
	}
	return 0;
}
