#include "json/write.h"

#include "base/clock.h"
#include "base/utf8.h"

/* A comma unless this is the first thing in its container or record. */
static void separate(struct buf *b)
{
	if (b->len && !memchr("{[:,\n", b->data[b->len - 1], 5))
		buf_addc(b, ',');
}

void json_open(struct buf *b, char bracket)
{
	separate(b);
	buf_addc(b, bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_addc(b, bracket);
}

static void add_escaped(struct buf *b, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = memchr(from, c, sizeof(from) - 1);
	if (known)
		buf_add(b, (char[]){'\\', to[known - from]}, 2);
	else
		buf_addf(b, "\\u%04x", c);
}

void json_add_string(struct buf *b, struct span text)
{
	separate(b);
	buf_addc(b, '"');
	size_t start = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		utf8_add_repaired(b, (struct span){text.p + start, i - start});
		add_escaped(b, c);
		start = i + 1;
	}
	utf8_add_repaired(b, (struct span){text.p + start, text.n - start});
	buf_addc(b, '"');
}

void json_key(struct buf *b, const char *key)
{
	json_add_string(b, span_of(key));
	buf_addc(b, ':');
}

void json_add_words(struct buf *b, char *const *words)
{
	json_open(b, '[');
	for (; *words; words++)
		json_add_string(b, span_of(*words));
	json_close(b, ']');
}

void json_add_int(struct buf *b, int64_t value)
{
	separate(b);
	buf_add_int(b, value);
}

void json_add_bool(struct buf *b, bool value)
{
	separate(b);
	buf_adds(b, value ? "true" : "false");
}

void json_add_null(struct buf *b)
{
	separate(b);
	buf_adds(b, "null");
}

void json_add_raw(struct buf *b, struct span json)
{
	/* A newline at its end would pass for the start of a new record. */
	separate(b);
	buf_add_span(b, span_trim(json));
}

void json_add_raw_line(struct buf *b, struct span json)
{
	size_t start = b->len;
	json_add_raw(b, json);
	for (size_t i = start; i < b->len; i++)
		if (b->data[i] == '\n' || b->data[i] == '\r')
			b->data[i] = ' ';
}

void json_kv_string(struct buf *b, const char *key, const char *text)
{
	if (text)
		json_kv_span(b, key, span_of(text));
}

void json_kv_span(struct buf *b, const char *key, struct span text)
{
	if (!text.p)
		return;
	json_key(b, key);
	json_add_string(b, text);
}

void json_kv_int(struct buf *b, const char *key, int64_t value)
{
	json_key(b, key);
	json_add_int(b, value);
}

void json_kv_bool(struct buf *b, const char *key, bool value)
{
	json_key(b, key);
	json_add_bool(b, value);
}

void json_kv_raw(struct buf *b, const char *key, struct span json)
{
	if (!json.p)
		return;
	json_key(b, key);
	json_add_raw(b, json);
}

void json_kv_time(struct buf *b, const char *key, int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];
	if (unix_ms == 0)
		return;
	clock_format(unix_ms, text);
	json_kv_string(b, key, text);
}
