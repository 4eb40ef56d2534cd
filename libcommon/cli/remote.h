/*
 * Commands that can run on another machine: with --endpoint (or
 * SANDBOX_AGENT_ENDPOINT) the command line is handed to "sa-api command",
 * which has it run by the server there. What is printed, and the exit
 * status, are those of the command itself; options that name files and
 * folders name the server's.
 */
#ifndef SA_CLI_REMOTE_H
#define SA_CLI_REMOTE_H

#include "cli/command.h"

/* Rows for the tables of such a command, behind OPTIONS_COMMON. */
#define OPTIONS_REMOTE                                                                       \
	{"endpoint",	0,                                                                   \
	 OPTION_STRING, offsetof(struct common_options, endpoint),                           \
	 "URL",		"on the server there; local: here",                                  \
	 NULL},                                                                              \
	    {"token",	    0,                                                               \
	     OPTION_STRING, offsetof(struct common_options, token),                          \
	     "TOKEN",	    "its token; better: SANDBOX_AGENT_TOKEN",                        \
	     NULL},                                                                          \
	{                                                                                    \
		"token-file", 0, OPTION_STRING, offsetof(struct common_options, token_file), \
		    "FILE", "has the token", COMPLETE_FILES                                  \
	}

/* A form of a verb that reads standard input. */
struct remote_input {
	const char *verb;   /* NULL ends the table */
	const char *first;  /* only with this first operand; NULL: any */
	int operands;	    /* only with so many; -1: however many */
	const char *unless; /* not with this option; NULL: always */
	bool is_long;	    /* more than fits into memory may come */
};

struct remote {
	const char *name;		   /* "session": what the server calls it */
	const char *const *local_verbs;	   /* never handed over; ends with NULL */
	const struct remote_input *inputs; /* or NULL */
	bool has_dash;			   /* an operand "-" is standard input */
	const char *attach_verb;  /* a terminal there: "sa-api processes attach"; or NULL */
	const char *local_option; /* an option that is for here only; or NULL */
};

/*
 * Become sa-api when the command line, or the environment, names a server.
 * Returns when neither does, for --help, and for what is a usage error
 * anyway: then command_main() is to go on. Otherwise it does not return, but
 * for a failure: the exit status, that has been told; else -1.
 */
int remote_become(const struct command *command, const struct remote *remote, int argc,
		  char **argv);

#endif
