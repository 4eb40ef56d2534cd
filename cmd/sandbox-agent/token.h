/*
 * -t/--token and -n/--no-token may stand anywhere on the command line. A
 * token is taken out of it: the next command finds it in its environment,
 * where other users cannot look, and ps(1) does not show it.
 */
#ifndef SA_TOKEN_H
#define SA_TOKEN_H

#include <stdbool.h>

#define TOKEN_VARIABLE "SANDBOX_AGENT_TOKEN"

struct tokens {
	char *value; /* NULL: none; owned, lives as long as the program */
	bool is_no_token;
};

/*
 * Take them out of argv[*at], argv[*at + 1], ... as long as they stand
 * there; *at is the first other word then. NULL, or what is wrong.
 */
const char *tokens_take_leading(struct tokens *tokens, int argc, char **argv, int *at);
/* Take them out wherever they are before "--"; with letters: -t and -n too. */
const char *tokens_take(struct tokens *tokens, int *argc, char **argv, bool with_letters);
/*
 * Put the token into the environment, if the command wants it; a token beats
 * --no-token, and --no-token a token that the environment had.
 */
const char *tokens_publish(struct tokens *tokens, bool is_wanted);

#endif
