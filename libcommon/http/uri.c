#include "http/uri.h"

#include "http/octet.h"

static void truncate_to(struct buf *b, size_t len)
{
	b->len = len;
	if (b->data)
		b->data[len] = '\0';
}

static int decode(struct buf *b, struct span text, bool plus_is_space)
{
	size_t before = b->len;
	if (buf_reserve(b, text.n) < 0)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '%') {
			int high = i + 2 < text.n ? http_hex_value(text.p[i + 1]) : -1;
			int low = i + 2 < text.n ? http_hex_value(text.p[i + 2]) : -1;
			c = high >= 0 && low >= 0 ? (char)(high << 4 | low) : '\0';
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if (c == '\0') {
			truncate_to(b, before);
			return -1;
		}
		b->data[b->len++] = c;
	}
	truncate_to(b, b->len);
	return 0;
}

int http_percent_decode(struct buf *b, struct span text)
{
	return decode(b, text, false);
}

int http_query_decode(struct buf *b, struct span text)
{
	return decode(b, text, true);
}

int http_percent_encode(struct buf *b, struct span text)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t before = b->len;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		char escape[3] = {'%', hex[c >> 4], hex[c & 15]};
		int rc = http_octet_is(text.p[i], OCTET_HOST) ? buf_addc(b, text.p[i])
							      : buf_add(b, escape, sizeof(escape));
		if (rc < 0) {
			truncate_to(b, before);
			return -1;
		}
	}
	return 0;
}

bool http_segment_next(struct span *rest, struct span *ret_segment)
{
	if (rest->n == 0 || rest->p[0] != '/')
		return false;
	struct span segment = {rest->p + 1, rest->n - 1};
	const char *slash = segment.n ? memchr(segment.p, '/', segment.n) : NULL;
	if (slash)
		segment.n = (size_t)(slash - segment.p);
	*rest = (struct span){segment.p + segment.n, rest->n - 1 - segment.n};
	*ret_segment = segment;
	return true;
}

bool http_query_next(struct span *rest, struct span *ret_name, struct span *ret_value)
{
	struct span pair = SPAN_NONE;
	while (pair.n == 0) {
		if (rest->n == 0)
			return false;
		const char *end = memchr(rest->p, '&', rest->n);
		pair = (struct span){rest->p, end ? (size_t)(end - rest->p) : rest->n};
		size_t used = pair.n + (end != NULL);
		*rest = (struct span){rest->p + used, rest->n - used};
	}
	const char *equals = memchr(pair.p, '=', pair.n);
	size_t n = equals ? (size_t)(equals - pair.p) : pair.n;
	*ret_name = (struct span){pair.p, n};
	*ret_value =
	    equals ? (struct span){equals + 1, pair.n - n - 1} : (struct span){pair.p + pair.n, 0};
	return true;
}

enum http_query_result http_query_get(struct span query, const char *name, struct buf *b)
{
	enum { NAME_BYTES_MAX = 16 * 1024 };
	cleanup_buf struct buf decoded = BUF_INIT(NAME_BYTES_MAX);
	struct span rest = query, raw_name, raw_value, found = SPAN_NONE;
	size_t count = 0;
	while (http_query_next(&rest, &raw_name, &raw_value)) {
		buf_clear(&decoded);
		if (++count > HTTP_QUERY_PARAMS_MAX || http_query_decode(&decoded, raw_name) < 0)
			return HTTP_QUERY_MALFORMED;
		if (!span_is(buf_span(&decoded), name))
			continue;
		if (found.p)
			return HTTP_QUERY_MALFORMED;
		found = raw_value;
	}
	if (!found.p)
		return HTTP_QUERY_ABSENT;
	return http_query_decode(b, found) < 0 ? HTTP_QUERY_MALFORMED : HTTP_QUERY_FOUND;
}
