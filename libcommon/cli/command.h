/*
 * The main wrapper: a command is a table of verbs (or a single verb without
 * a name), each with its options, help and function. command_main() parses,
 * runs, prints the one error line, checks that stdout was really written,
 * and yields the exit status.
 */
#ifndef SA_CLI_COMMAND_H
#define SA_CLI_COMMAND_H

#include "base/error.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SA_VERSION "0.1.0"

struct verb {
	const char *name;	      /* NULL for a command without verbs */
	const char *operands;	      /* "SESSION [TEXT ...]" for the usage line; "" if none */
	const char *summary;	      /* one line */
	const struct option *options; /* ends with OPTIONS_END; begins with OPTIONS_COMMON */
	size_t options_bytes;	      /* size of the option struct, zeroed by the wrapper */
	/* Defaults that are not zero; NULL allowed. */
	void (*set_defaults)(void *options);
	/*
	 * Do the work. argv holds operands only. The result is the exit status
	 * (enum sa_exit), or -1 with err filled. Lists in options are freed by
	 * the wrapper.
	 */
	int (*run)(const void *options, int argc, char **argv, struct sa_error *err);
	/* More text for --help, behind the options; NULL for none. */
	void (*print_notes)(FILE *out);
	bool is_posix;		     /* the first operand ends the options */
	const char *const *examples; /* shell lines, ends with NULL; at least two */
	const char *complete;	     /* for operands: COMPLETE_..., words, or NULL */
};

struct command {
	const char *name;	    /* "sa-session" */
	const char *summary;	    /* one line */
	const struct verb *verbs;   /* ends with {.run = NULL} */
	const char *const *example; /* for the command's own --help; ends with NULL */
};

/* Never ends the process itself; the result is for main to return. */
int command_main(const struct command *command, int argc, char **argv);

/* A command without verbs: the one that it is, under its own summary. */
int command_main_single(const char *name, const struct verb *verb, int argc, char **argv);

/* Should this invocation print words? --text, or a terminal without --json. */
bool command_wants_text(const struct common_options *common);

/* The error line as the wrapper prints it, for filters that go on after it. */
void command_print_error(const char *who, const struct sa_error *err, bool is_json);

/* Flush stdout; PROBLEM_FAILED when what was printed could not be written. 0, or -1. */
int command_flush(struct sa_error *err);

#endif
