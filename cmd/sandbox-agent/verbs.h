/* Which command is behind which verb; a verb that is not here is "sa-" + verb. */
#ifndef SA_VERBS_H
#define SA_VERBS_H

#include <stdbool.h>
#include <stdio.h>

struct verb_target {
	const char *verb;
	const char *sub; /* a second word that has to follow */
	const char *command;
	const char *word; /* goes first: the command's own verb; or NULL */
	const char *lift_after; /* words after which token options are taken out; NULL: always */
	bool wants_token;
	bool starts_server;  /* is told about --no-token */
	bool is_ours;	     /* its letters are its own: -t and -n stay */
	const char *summary; /* NULL: hidden */
};

/* argv[0] is the verb. NULL when it is not in the table. */
const struct verb_target *verbs_find(int argc, char **argv);
/* May the token options be taken out of these arguments of the verb? */
bool verbs_lifts_token(const struct verb_target *target, int argc, char **argv);
/* The verbs, for --help. */
void verbs_print(FILE *out);
/* What a command line without a verb gets. */
void verbs_print_usage(FILE *out);

#endif
