/*
 * The configuration of a folder: DIR/.sandbox-agent/config/KIND.json, one
 * object from names to entries, sorted by name, printed for people, 0600.
 * Reading and writing goes under flock(2) on the config folder and a rename,
 * so that writers side by side lose nothing. No link is followed below DIR:
 * a project cannot point its configuration elsewhere.
 *
 * A configuration may have come with the project, and its entries are run: so
 * those are used that this user has stored or said yes to. They are kept in
 * STATE/trusted/DIR in the same form; an entry that differs from what is there
 * is not trusted. SANDBOX_AGENT_CONFIG_TRUST=all trusts everything.
 */
#ifndef SA_CONFIG_STORE_H
#define SA_CONFIG_STORE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

/* Limits, each with a test. */
enum {
	CONFIG_FILE_BYTES = 4 << 20,
	CONFIG_ENTRIES_MAX = 1024,
	CONFIG_NAME_BYTES = 256,
};

struct config_kind {
	const char *name; /* "mcp": the file's stem, and what answers call it */
	/* Append the entry in its one form: aliases resolved, unknown members dropped. 0, or -1
	 * with PROBLEM_INVALID_REQUEST. */
	int (*normalise)(struct span entry, struct buf *ret, struct sa_error *err);
};

extern const struct config_kind config_mcp, config_skills;

/* Append the entry to ret. 0; -1 with PROBLEM_SESSION_NOT_FOUND (contract 12),
 * PROBLEM_INVALID_REQUEST when the file or the entry is not what it should be, ... */
int config_get(const struct config_kind *kind, const char *directory, const char *name,
	       struct buf *ret, struct sa_error *err);
/* Check, normalise, store and trust. 0, or -1. */
int config_set(const struct config_kind *kind, const char *directory, const char *name,
	       struct span entry, struct sa_error *err);
/* Remove; one that is not there is as good. 0, or -1. */
int config_delete(const struct config_kind *kind, const char *directory, const char *name,
		  struct sa_error *err);

/* Trust an entry as it is now, or all of them (NULL). 0, or -1 as config_get(). */
int config_trust(const struct config_kind *kind, const char *directory, const char *name,
		 struct sa_error *err);

struct config_entry {
	const char *name;
	struct span json; /* normalised */
	bool is_trusted;
};
/* The entry is there for the time of the call; not 0 ends the walk with it. */
typedef int config_fn(const struct config_entry *entry, void *arg, struct sa_error *err);
/* All entries, sorted. 0, -1, or fn's result. */
int config_each(const struct config_kind *kind, const char *directory, config_fn *fn, void *arg,
		struct sa_error *err);

/* A line on standard error about an entry that is not used. */
void config_tell_untrusted(const struct config_kind *kind, const char *directory, const char *name);

/* Append JSON with line ends and two blanks a level; json has passed json_check(). */
void config_add_pretty(struct buf *b, struct span json);

#endif
