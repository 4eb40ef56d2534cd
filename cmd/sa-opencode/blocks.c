#include "base/cleanup.h"
#include "base/xalloc.h"
#include "prompt.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { DATA_URL_BYTES = 64 << 20 };

/* --- the mock provider ---------------------------------------------------------- */

/* As the reference's: it repeats, and some words in the text make it do more. */
void mock_script(struct buf *b, struct span text)
{
	static const struct {
		const char *word;
		const char *script;
	} table[] = {
	    {"permission", "permission"},
	    {"question",
	     "ask elicitation/create {\"mode\":\"form\",\"message\":\"Choose one option\","
	     "\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"choice\":{"
	     "\"type\":\"string\",\"title\":\"Question\",\"enum\":[\"Yes\",\"No\"]}}}}"},
	    {"error", "fail -32603 mock process crashed"},
	    {"tool", "tool echo tool"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (memmem(text.p, text.n, table[i].word, strlen(table[i].word))) {
			buf_adds(b, table[i].script);
			return;
		}
	buf_adds(b, "say ");
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ';')
			buf_addc(b, '\\');
		/* A line of its own would be another directive. */
		if (text.p[i] == '\n')
			buf_adds(b, "\nsay ");
		else
			buf_addc(b, text.p[i]);
	}
}

/* --- parts ------------------------------------------------------------------------- */

static void add_text_block(struct buf *blocks, struct span text)
{
	json_open(blocks, '{');
	json_kv_string(blocks, "type", "text");
	json_kv_span(blocks, "text", text);
	json_close(blocks, '}');
}

static void add_link_block(struct buf *blocks, struct span part, struct span url)
{
	struct span name = json_get(part, "filename");
	json_open(blocks, '{');
	json_kv_string(blocks, "type", "resource_link");
	json_kv_span(blocks, "uri", url);
	if (name.p)
		json_kv_raw(blocks, "name", name);
	else
		json_kv_span(blocks, "name", url);
	json_kv_raw(blocks, "mimeType", json_get(part, "mime"));
	json_close(blocks, '}');
}

/* "data:TYPE;base64,DATA": the data, or NONE. */
static struct span data_of(struct span url)
{
	static const char mark[] = ";base64,";
	const char *at =
	    span_starts_with(url, "data:") ? memmem(url.p, url.n, mark, strlen(mark)) : NULL;
	if (!at)
		return SPAN_NONE;
	at += strlen(mark);
	return (struct span){at, (size_t)(url.p + url.n - at)};
}

static void add_file(struct buf *blocks, struct span part)
{
	cleanup_buf struct buf url = BUF_INIT(DATA_URL_BYTES);
	cleanup_free char *mime = json_string_dup(json_get(part, "mime"));
	json_string_add(&url, json_get(part, "url"));
	struct span data = data_of(buf_span(&url));
	bool is_image = mime && strncmp(mime, "image/", 6) == 0;
	if (!data.p) {
		add_link_block(blocks, part, buf_span(&url));
		return;
	}
	json_open(blocks, '{');
	json_kv_string(blocks, "type", is_image ? "image" : "resource");
	if (!is_image) {
		json_key(blocks, "resource");
		json_open(blocks, '{');
		struct span name = json_get(part, "filename");
		json_kv_raw(blocks, "uri", name.p ? name : SPAN_LIT("\"attachment\""));
	}
	json_kv_string(blocks, "mimeType", mime);
	json_kv_span(blocks, is_image ? "data" : "blob", data);
	if (!is_image)
		json_close(blocks, '}');
	json_close(blocks, '}');
}

static void keep(struct buf *kept, struct span part, struct span said)
{
	json_open(kept, '{');
	json_kv_raw(kept, "id", json_get(part, "id"));
	json_kv_raw(kept, "text", said);
	json_close(kept, '}');
}

int blocks_of_parts(struct span parts, bool is_mock, struct buf *blocks, struct buf *kept,
		    struct sa_error *err)
{
	struct json_iter it = json_iter(parts);
	struct span part;
	json_open(blocks, '[');
	json_open(kept, '[');
	while (json_next(&it, NULL, &part)) {
		struct span type = json_get(part, "type"), text = json_get(part, "text");
		if (json_string_is(type, "text") && json_type(text) == JSON_STRING) {
			cleanup_buf struct buf said = BUF_INIT(BUF_MAX_OWN);
			cleanup_buf struct buf script = BUF_INIT(BUF_MAX_OWN);
			json_string_add(&said, text);
			if (is_mock)
				mock_script(&script, buf_span(&said));
			add_text_block(blocks, buf_span(is_mock ? &script : &said));
			keep(kept, part, is_mock ? text : SPAN_NONE);
		} else if (json_string_is(type, "file") &&
			   json_type(json_get(part, "url")) == JSON_STRING) {
			add_file(blocks, part);
			keep(kept, part, SPAN_NONE);
		} else if (json_string_is(type, "agent") || json_string_is(type, "subtask")) {
			continue; /* OpenCode's own helpers: the agents here have theirs */
		} else {
			return error_set(
			    err, PROBLEM_INVALID_REQUEST,
			    "a part wants type \"text\" with text, or \"file\" with url");
		}
	}
	json_close(blocks, ']');
	json_close(kept, ']');
	return 0;
}
