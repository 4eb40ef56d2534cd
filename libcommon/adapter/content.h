/* ACP tool call content, config options and forms, written (ACP ToolCallContent,
 * SessionConfigOption, elicitation/create). */
#ifndef SA_ADAPTER_CONTENT_H
#define SA_ADAPTER_CONTENT_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* Items of a "content" array. {"type":"content","content":{"type":"text","text":TEXT}} */
void content_text(struct buf *b, struct span text);
/* The same; text is a JSON string already. */
void content_text_raw(struct buf *b, struct span text);
/* The text in a Markdown fence that it cannot close, without its last newlines. */
void content_fenced(struct buf *b, const char *language, struct span text);
/* An image; both are JSON strings. */
void content_image(struct buf *b, struct span data, struct span mime_type);
/* {"type":"diff"}; all three are JSON values, old_text not there is null (a new file). */
void content_diff(struct buf *b, struct span path, struct span old_text, struct span new_text);

/* "locations":[{"path":PATH,"line":LINE}] as a member; path is a JSON string, line 0: none. */
void content_location(struct buf *b, struct span path, int64_t line);

/* An option in request_permission. */
void content_permission(struct buf *b, const char *id, const char *name, const char *kind);

/*
 * A select config option up to its choices: the caller adds some, then
 * content_option_close. category is mode, model, thought_level, ...
 */
void content_option_open(struct buf *b, const char *id, const char *name, const char *category,
			 const char *current);
void content_option_close(struct buf *b);
/* One choice; key is "value" (config options) or "id" (modes), description NULL: none. */
void content_choice(struct buf *b, const char *key, const char *id, const char *name,
		    const char *description);
/* The same with JSON values as they are; one that is not there is left out. */
void content_choice_raw(struct buf *b, struct span value, struct span name,
			struct span description);
/* A thought level (a JSON string; nothing when it is none or empty): its name is the id with a
 * capital. */
void content_level(struct buf *b, struct span level);

/*
 * A form in elicitation/create: members "message" (a JSON string, or a
 * default) and "requestedSchema" up to its properties, which the caller
 * adds, then the latter.
 */
void content_form_open(struct buf *b, struct span message);
void content_form_close(struct buf *b);
/* What a property may be, as the member key: of options, an array of {label, description}; nothing
 * when that is empty. */
void content_form_choices(struct buf *b, const char *key, struct span options);

/* ACP's [{"name":..,"value":..}] as a member that is an object; nothing when it is no array. */
void content_pairs(struct buf *b, const char *key, struct span pairs);

#endif
