/*
 * One table per command gives parsing, --help, completions and the check
 * against the manual page. Options are long names (no abbreviations), some
 * with a short letter; "--name value" and "--name=value"; "--" ends them.
 */
#ifndef SA_CLI_OPTIONS_H
#define SA_CLI_OPTIONS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,	 /* bool */
	OPTION_STRING,	 /* const char *, borrowed from argv */
	OPTION_LIST,	 /* struct string_list, may be repeated */
	OPTION_U64,	 /* uint64_t */
	OPTION_DURATION, /* int64_t, milliseconds: "30s", "10m", "500ms", "off" */
	OPTION_SIZE,	 /* uint64_t, bytes: "64M" */
	OPTION_FD,	 /* int; a descriptor of ours, open, 3 or above, closed at exec from now on */
};

struct string_list {
	const char **items; /* owned array of borrowed strings */
	size_t count;
};

/* What the shells offer for a value. */
#define COMPLETE_FILES "@files"
#define COMPLETE_DIRECTORIES "@directories"
#define COMPLETE_SESSIONS "@sessions"
#define COMPLETE_AGENTS "@agents"

struct option {
	const char *name; /* without the dashes */
	char letter;	  /* short form, or 0 */
	enum option_type type;
	size_t offset;	      /* of the target within the command's option struct */
	const char *argument; /* name of the value in --help; NULL for flags */
	const char *help;     /* one line */
	const char *complete; /* COMPLETE_..., "word word word", or NULL */
};

#define OPTIONS_END {.name = NULL}

/* What every command has; the first member of each command's option struct. */
struct common_options {
	bool is_help;
	bool is_version;
	bool is_json; /* JSON lines and problem JSON even on a terminal */
	bool is_text; /* words even in a pipe */
	/* For commands that can run elsewhere (cli/remote.h). */
	const char *endpoint;
	const char *token;
	const char *token_file;
};

/* Rows for struct common_options, for the top of each table. */
#define OPTIONS_COMMON                                                                             \
	{"json", 0, OPTION_FLAG, offsetof(struct common_options, is_json), NULL,                   \
	 "JSON lines and problem JSON, whatever stdout is", NULL},                                 \
	{"text", 0, OPTION_FLAG, offsetof(struct common_options, is_text), NULL,                   \
	 "words for people, whatever stdout is", NULL},                                            \
	{"help", 'h', OPTION_FLAG, offsetof(struct common_options, is_help), NULL,                 \
	 "print this help", NULL}

/*
 * Fill the struct at target from argv. Operands are moved to the front:
 * argv[0 .. *ret_count) afterwards; a lone "-" is an operand. After the
 * first operand options are still options, unless is_posix: then the first
 * operand ends them (for commands that run other commands). 0, or -1 with
 * PROBLEM_INVALID_REQUEST.
 */
int options_parse(const struct option *table, void *target, bool is_posix, int argc, char **argv,
		  int *ret_count, struct sa_error *err);

void string_list_add(struct string_list *list, const char *item);
void string_list_free(struct string_list *list);

#endif
