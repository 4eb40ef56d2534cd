/* The verbs: their option structs, and one function each. */
#ifndef SA_CREDENTIALS_VERBS_H
#define SA_CREDENTIALS_VERBS_H

#include "source.h"

#include "cli/command.h"

struct extract_options {
	struct common_options common;
	struct search_options search;
	const char *agent;
	const char *provider;
	bool is_reveal;
	bool is_quiet;
	const char *ignored_token;
	bool is_ignored_no_token;
};

struct env_options {
	struct common_options common;
	struct search_options search;
	const char *agent;
	const char *provider;
	const char *format;
	bool is_export;
	bool is_quiet;
	const char *ignored_token;
	bool is_ignored_no_token;
};

struct status_options {
	struct common_options common;
	struct search_options search;
	bool is_explain;
};

struct exec_options {
	struct common_options common;
	struct search_options search;
	const char *agent;
	const char *provider;
	const char *credentials; /* "auto", "none" or a file */
	struct string_list keep; /* variables that stay as they are */
	bool is_quiet;
};

struct store_options {
	struct common_options common;
	const char *vault;
	const char *key_file;
	const char *passphrase_fd;
	const char *value_fd;
	const char *provider;
	const char *kind;
	const char *expires;
};

/* struct verb's run; the options are the structs above. */
int verb_extract(const void *options, int argc, char **argv, struct sa_error *err);
int verb_extract_env(const void *options, int argc, char **argv, struct sa_error *err);
int verb_status(const void *options, int argc, char **argv, struct sa_error *err);
int verb_exec(const void *options, int argc, char **argv, struct sa_error *err);
int verb_store(const void *options, int argc, char **argv, struct sa_error *err);

/* PROBLEM_INVALID_REQUEST when there is an operand. */
int verb_no_operands(int argc, char **argv, struct sa_error *err);
/* --agent NAME: NULL name yields NULL. -1 with PROBLEM_INVALID_REQUEST when it is unknown. */
int verb_agent(const char *name, const struct agent **ret_agent, struct sa_error *err);
/* Write secrets to stdout past stdio, so that no copy stays in its buffer. */
int verb_write(struct span text, struct sa_error *err);

#endif
