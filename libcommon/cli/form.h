/*
 * A form that an agent wants filled in (ACP elicitation, mode "form"): a
 * flat JSON Schema object, asked field by field. Built up from typed lines.
 */
#ifndef SA_CLI_FORM_H
#define SA_CLI_FORM_H

#include "base/buf.h"

#include <stdbool.h>

struct form {
	struct span schema; /* borrowed: requestedSchema */
	struct buf content; /* the JSON object so far, left open */
	size_t at;	    /* which property is asked */
};

/* schema must stay until form_free(). */
void form_begin(struct form *form, struct span schema);
void form_free(struct form *form);
/* Whether no field is left to ask. */
bool form_is_done(const struct form *form);
/* The prompt of the field that is asked. */
void form_prompt(const struct form *form, struct buf *out);
/* Take a line for it. NULL when it was taken, else what is wrong with it. */
const char *form_take(struct form *form, struct span line);
/* Append the finished object. */
void form_add_content(struct form *form, struct buf *out);

#endif
