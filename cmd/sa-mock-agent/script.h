/*
 * A prompt's text as a script: directives separated by newline or ';'
 * ("\;" is a plain semicolon), each a word and the rest of its line.
 */
#ifndef MOCK_SCRIPT_H
#define MOCK_SCRIPT_H

#include "base/span.h"

struct script {
	char *text; /* owned; is cut and unescaped in place */
	size_t len;
	size_t pos;
};

/* Takes the ownership of text. */
void script_init(struct script *script, char *text);
void script_free(struct script *script);
/* The next directive that is not empty, valid until script_free. false at the end. */
bool script_next(struct script *script, struct span *ret_line);

/* The first word of a text, without the white space around it; the rest goes
 * to ret_rest (NULL allowed). */
struct span script_word(struct span text, struct span *ret_rest);

#endif
