/*
 * What a search brought to light: one finding for each key seen and for each
 * place that had none, with the verdict on it. Parsers of file contents fill
 * this; they never decide by themselves whether a key counts.
 */
#ifndef SA_CREDENTIALS_FINDING_H
#define SA_CREDENTIALS_FINDING_H

#include "provider.h"

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* More entries of one file are not looked at. */
	FINDING_ENTRIES_MAX = 256,
	/* A longer value is no key. */
	FINDING_SECRET_MAX_BYTES = 16 * 1024,
	FINDING_PROVIDER_MAX_BYTES = 64,
};

enum verdict {
	VERDICT_USABLE,
	VERDICT_ABSENT,	 /* nothing there */
	VERDICT_SKIPPED, /* something there that is no usable key: reason tells */
	VERDICT_EXPIRED,
};

/* "usable", "absent", "skipped", "expired" */
const char *verdict_name(enum verdict verdict);

struct finding {
	const char *source; /* "environment", "claude-code", ...; static */
	const char *agent;  /* whose own file it is; NULL for nobody's; static */
	const char *why;    /* why this place is looked at; static */
	char *place;	    /* variable, or path and member; owned */
	char *provider;	    /* NULL when the place could hold any; owned */
	char *secret;	    /* owned, wiped when freed; NULL unless there was one */
	char *reason;	    /* NULL when usable; never holds any part of a secret; owned */
	enum key_kind kind;
	enum verdict verdict;
	int64_t expires_ms; /* Unix; 0: not known or never */
	bool is_renewable;  /* its agent can renew it: a refresh token lies beside it */
	bool is_amp_legacy; /* Amp's token where the reference takes it for Anthropic's */
};

struct findings {
	struct finding *items;
	size_t count;
	/* What to judge by. */
	int64_t now_ms;
	bool is_no_oauth;
	/* Where the parser at work is; set before it runs, copied into each finding. */
	const char *source;
	const char *agent;
	const char *why;
	const char *path;
	/* Commands in place of keys: run one and return its output (owned), or
	 * NULL with a reason (owned). NULL: commands are named, not run. */
	char *(*run_command)(const char *command, char **ret_reason);
};

void findings_free(struct findings *list);

/* A key to be judged. */
struct candidate {
	struct span provider; /* text */
	const char *member;   /* "tokens.access_token"; NULL when the place says it all */
	enum key_kind kind;
	int64_t expires_ms;
	bool is_renewable;
	bool is_amp_legacy;
	bool is_duplicate; /* its name occurs twice: ambiguous, not taken */
};

/*
 * Judge a JSON value as the candidate's secret and record it. A value that
 * is not there (or null) adds nothing: -1; else 0.
 */
int findings_add_json(struct findings *list, const struct candidate *candidate, struct span value);
/* The same for plain text. */
void findings_add_text(struct findings *list, const struct candidate *candidate, struct span text);
/* A command that prints the key; run if the list says so. value is a JSON string. */
void findings_add_command(struct findings *list, const struct candidate *candidate,
			  struct span command);
/* Record a place without a key. provider and member may be NULL. */
void findings_add_note(struct findings *list, enum verdict verdict, const char *provider,
		       const char *member, const char *reason);

/*
 * Members of an object in one pass. values[i] and is_duplicate[i] belong to
 * names[i]. Unlike json_members this tells a name that occurs twice.
 */
void members_find(struct span object, const char *const *names, struct span *values,
		  bool *is_duplicate, size_t count);

#endif
