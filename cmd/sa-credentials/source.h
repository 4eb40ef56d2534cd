/*
 * Where keys are looked for, as a table, and the walk over it. Order is
 * precedence: the first usable key of a provider is the one that counts.
 */
#ifndef SA_CREDENTIALS_SOURCE_H
#define SA_CREDENTIALS_SOURCE_H

#include "finding.h"

#include "base/error.h"
#include "cli/options.h"

/* The options that every verb that searches has. */
struct search_options {
	const char *home_dir; /* NULL: this user's, with the variables that move folders */
	bool is_no_oauth;
	bool is_run_helpers;
	bool is_keyring;
	const char *vault;	   /* NULL: the usual one, if it opens without asking */
	const char *key_file;	   /* NULL: none */
	const char *passphrase_fd; /* a number; NULL: none */
};

#define SEARCH_OPTIONS(type)                                                                    \
	{"home-dir",                                                                            \
	 'd',                                                                                   \
	 OPTION_STRING,                                                                         \
	 offsetof(struct type, search.home_dir),                                                \
	 "DIR",                                                                                 \
	 "look below DIR instead of the home directory",                                        \
	 COMPLETE_DIRECTORIES},                                                                 \
	    {"no-oauth",  0,                                                                    \
	     OPTION_FLAG, offsetof(struct type, search.is_no_oauth),                            \
	     NULL,	  "API keys only, no tokens",                                           \
	     NULL},                                                                             \
	    {"run-helpers", 0,                                                                  \
	     OPTION_FLAG,   offsetof(struct type, search.is_run_helpers),                       \
	     NULL,	    "run commands that settings name in place of a key",                \
	     NULL},                                                                             \
	    {"keyring",	  0,                                                                    \
	     OPTION_FLAG, offsetof(struct type, search.is_keyring),                             \
	     NULL,	  "ask the Secret Service too (secret-tool)",                           \
	     NULL},                                                                             \
	    {"vault",	    0,                                                                  \
	     OPTION_STRING, offsetof(struct type, search.vault),                                \
	     "FILE",	    "read this vault too; an error if it does not open",                \
	     COMPLETE_FILES},                                                                   \
	    {"key-file",    0,                                                                  \
	     OPTION_STRING, offsetof(struct type, search.key_file),                             \
	     "FILE",	    "the vault's key file",                                             \
	     COMPLETE_FILES},                                                                   \
	{                                                                                       \
		"passphrase-fd", 0, OPTION_STRING, offsetof(struct type, search.passphrase_fd), \
		    "N", "read the vault's passphrase from descriptor N", NULL                  \
	}

/*
 * Look everywhere. list must be zeroed; the caller frees it (findings_free),
 * also after an error. 0; -1 without a home directory, or when a vault that
 * was named does not open.
 */
int search_all(const struct search_options *options, struct findings *list, struct sa_error *err);
/*
 * Look only into one file of variables (dotenv lines or a JSON object) or
 * one vault. As above; a file that cannot be read is an error here.
 */
int search_file(const struct search_options *options, const char *path, struct findings *list,
		struct sa_error *err);

#endif
