/*
 * A command line given as one string, cut into words as a shell would cut
 * it: blanks separate; '...' is literal; "..." knows \" \\ \$ \`; a
 * backslash outside quotes takes the next byte. Nothing is expanded and no
 * shell is run.
 */
#ifndef SA_CLI_WORDS_H
#define SA_CLI_WORDS_H

#include "base/error.h"

/* A NULL-terminated array, owned by the caller (words_free). NULL with
 * PROBLEM_INVALID_REQUEST on an open quote or when there is no word. */
char **words_split(const char *text, struct sa_error *err);
/* The same of a command that will run elsewhere or later: its program is looked for now (PATH, or
 * from this folder) and named from the root. PROBLEM_NOT_FOUND too. */
char **words_of_command(const char *text, struct sa_error *err);
/* A string that words_split() cuts into these words; the caller frees. */
char *words_join(char *const *words);
void words_free(char **words);

#endif
