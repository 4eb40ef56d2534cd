#include "adapter/content.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <ctype.h>

static void block_open(struct buf *b, const char *type)
{
	json_open(b, '{');
	json_kv_string(b, "type", "content");
	json_key(b, "content");
	json_open(b, '{');
	json_kv_string(b, "type", type);
}

static void block_close(struct buf *b)
{
	json_close(b, '}');
	json_close(b, '}');
}

void content_text(struct buf *b, struct span text)
{
	block_open(b, "text");
	json_kv_span(b, "text", text);
	block_close(b);
}

void content_text_raw(struct buf *b, struct span text)
{
	block_open(b, "text");
	json_kv_raw(b, "text", text);
	block_close(b);
}

/* Longer than any run of backquotes in the text, three at least. */
static size_t fence_length(struct span text)
{
	size_t longest = 2, run = 0;
	for (size_t i = 0; i < text.n; i++) {
		run = text.p[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest + 1;
}

void content_fenced(struct buf *b, const char *language, struct span text)
{
	cleanup_buf struct buf out = BUF_INIT(BUF_MAX_OWN);
	size_t length = fence_length(text);
	while (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	for (size_t i = 0; i < length; i++)
		buf_addc(&out, '`');
	buf_addf(&out, "%s\n", language);
	buf_add_span(&out, text);
	buf_addc(&out, '\n');
	for (size_t i = 0; i < length; i++)
		buf_addc(&out, '`');
	content_text(b, buf_span(&out));
}

void content_image(struct buf *b, struct span data, struct span mime_type)
{
	block_open(b, "image");
	json_kv_raw(b, "data", data);
	json_kv_raw(b, "mimeType", mime_type);
	block_close(b);
}

void content_diff(struct buf *b, struct span path, struct span old_text, struct span new_text)
{
	json_open(b, '{');
	json_kv_string(b, "type", "diff");
	json_kv_raw(b, "path", path);
	json_kv_raw(b, "oldText", old_text.p ? old_text : SPAN_LIT("null"));
	json_kv_raw(b, "newText", new_text.p ? new_text : SPAN_LIT("\"\""));
	json_close(b, '}');
}

void content_location(struct buf *b, struct span path, int64_t line)
{
	json_key(b, "locations");
	json_open(b, '[');
	json_open(b, '{');
	json_kv_raw(b, "path", path);
	if (line > 0)
		json_kv_int(b, "line", line);
	json_close(b, '}');
	json_close(b, ']');
}

void content_permission(struct buf *b, const char *id, const char *name, const char *kind)
{
	json_open(b, '{');
	json_kv_string(b, "optionId", id);
	json_kv_string(b, "name", name);
	json_kv_string(b, "kind", kind);
	json_close(b, '}');
}

void content_option_open(struct buf *b, const char *id, const char *name, const char *category,
			 const char *current)
{
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "name", name);
	json_kv_string(b, "category", category);
	json_kv_string(b, "type", "select");
	json_kv_string(b, "currentValue", current);
	json_key(b, "options");
	json_open(b, '[');
}

void content_option_close(struct buf *b)
{
	json_close(b, ']');
	json_close(b, '}');
}

void content_choice(struct buf *b, const char *key, const char *id, const char *name,
		    const char *description)
{
	json_open(b, '{');
	json_kv_string(b, key, id);
	json_kv_string(b, "name", name);
	json_kv_string(b, "description", description);
	json_close(b, '}');
}

void content_choice_raw(struct buf *b, struct span value, struct span name, struct span description)
{
	json_open(b, '{');
	json_kv_raw(b, "value", value);
	json_kv_raw(b, "name", name);
	json_kv_raw(b, "description", description);
	json_close(b, '}');
}

void content_level(struct buf *b, struct span level)
{
	cleanup_free char *id = json_string_dup(level);
	cleanup_free char *name = id && *id ? xstrdup(id) : NULL;
	if (!name)
		return;
	name[0] = (char)toupper((unsigned char)name[0]);
	content_choice(b, "value", id, name, NULL);
}

void content_form_open(struct buf *b, struct span message)
{
	json_kv_raw(b, "message",
		    json_type(message) == JSON_STRING ? message : SPAN_LIT("\"A question\""));
	json_key(b, "requestedSchema");
	json_open(b, '{');
	json_kv_string(b, "type", "object");
	json_key(b, "properties");
	json_open(b, '{');
}

void content_form_close(struct buf *b)
{
	json_close(b, '}');
	json_close(b, '}');
}

void content_form_choices(struct buf *b, const char *key, struct span options)
{
	struct json_iter it = json_iter(options);
	struct span option;
	if (json_type(options) != JSON_ARRAY || !json_next(&it, NULL, &option))
		return;
	json_key(b, key);
	json_open(b, '[');
	for (it = json_iter(options); json_next(&it, NULL, &option);) {
		struct span label = json_get(option, "label");
		if (json_type(label) != JSON_STRING)
			continue;
		json_open(b, '{');
		json_kv_raw(b, "const", label);
		json_kv_raw(b, "title", label);
		json_kv_raw(b, "description", json_get(option, "description"));
		json_close(b, '}');
	}
	json_close(b, ']');
}

void content_pairs(struct buf *b, const char *key, struct span pairs)
{
	if (json_type(pairs) != JSON_ARRAY)
		return;
	json_key(b, key);
	json_open(b, '{');
	struct json_iter it = json_iter(pairs);
	struct span pair;
	while (json_next(&it, NULL, &pair)) {
		cleanup_free char *name = json_string_dup(json_get(pair, "name"));
		if (name)
			json_kv_raw(b, name, json_get(pair, "value"));
	}
	json_close(b, '}');
}
