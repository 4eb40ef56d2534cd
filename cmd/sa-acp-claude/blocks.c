#include "blocks.h"

#include "json/write.h"

int blocks_write(struct buf *b, const struct prompt_part *part, struct sa_error *err)
{
	(void)err;
	json_open(b, '{');
	if (part->kind == PROMPT_TEXT) {
		json_kv_string(b, "type", "text");
		json_kv_span(b, "text", part->text);
	} else {
		json_kv_string(b, "type", part->kind == PROMPT_IMAGE ? "image" : "document");
		json_key(b, "source");
		json_open(b, '{');
		json_kv_string(b, "type", "base64");
		json_kv_raw(b, "media_type", part->mime_type);
		json_kv_raw(b, "data", part->data);
		json_close(b, '}');
	}
	json_close(b, '}');
	return 0;
}
