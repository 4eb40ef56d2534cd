/*
 * The directive language: what a prompt can make the agent do. A prompt's
 * text blocks, joined by newlines, are a script (script.h). When its first
 * word is no directive, the whole text is repeated: "You said: TEXT". A
 * later line without a directive is repeated by itself in the same way.
 * The table in directive.c is the reference; --help prints it.
 */
#ifndef MOCK_DIRECTIVE_H
#define MOCK_DIRECTIVE_H

#include "base/span.h"
#include "turn.h"

#include <stdio.h>

struct directive {
	const char *name;
	const char *arguments;
	const char *help;
	/* One step. turn->at counts the earlier ones. Must not block. */
	enum step (*run)(struct turn *turn);
};

/* NULL when the word is no directive. */
const struct directive *directive_find(struct span word);
/* "You said: ..."; and the replay of a session's history. */
const struct directive *directive_echo(void);
const struct directive *directive_replay(void);
/* Is the script's first word no directive? Does not move the script. */
bool directive_is_plain(const struct script *script);
/* The language as a text for --help. */
void directive_print_help(FILE *out);

/* Cut the next number off turn->args. Absent: fallback. 0; -1 when it is no
 * number or above max: the turn has failed then (return STEP_END). */
int directive_number(struct turn *turn, uint64_t fallback, uint64_t max, uint64_t *ret_value);
/* The same for sizes as "64M". */
int directive_size(struct turn *turn, uint64_t fallback, uint64_t max, uint64_t *ret_bytes);
/* Fail the turn because of its arguments. STEP_END. */
enum step directive_bad(struct turn *turn, const char *what);

#endif
