/*
 * Which agents there are, as data (sa-agents(5)): those that are built in;
 * a user's files agents.d/NAME.json, which add agents or replace members of
 * one that is known; and the last copy of the public ACP registry. Nothing
 * here touches the network.
 */
#ifndef SA_AGENT_CATALOG_H
#define SA_AGENT_CATALOG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

enum {
	CATALOG_FILE_MAX_BYTES = 1 << 20,     /* one agents.d file */
	CATALOG_REGISTRY_MAX_BYTES = 16 << 20, /* the ACP registry's index */
	CATALOG_NAME_MAX_BYTES = 64,
};

struct agent_record {
	char *name;	  /* the name, not the alias that was asked for */
	struct buf text;  /* the user's file or the registry's entry */
	struct span own;  /* in text; NONE: no such file */
	struct span base; /* the built-in record; NONE: none */
	char *origin;	  /* "builtin", "acp-registry", or the file's path */
};
#define AGENT_RECORD_INIT ((struct agent_record){.text = BUF_INIT(CATALOG_REGISTRY_MAX_BYTES)})
void agent_record_clear(struct agent_record *record);
#define cleanup_agent_record __attribute__((cleanup(agent_record_clear)))

/* A member of the user's file, else of the built-in record. */
struct span agent_record_get(const struct agent_record *record, const char *name);

/*
 * By name or alias. 0; -1 with PROBLEM_UNSUPPORTED_AGENT that lists the
 * names, or PROBLEM_INVALID_REQUEST for a file that is no JSON object.
 */
int catalog_find(const char *name, struct agent_record *ret, struct sa_error *err);

/* All names that are built in or have a file, in listing order. Ends with NULL; the caller frees
 * with catalog_names_free(). */
char **catalog_names(void);
void catalog_names_free(char **names);

/* May a name stand for an agent? Letters, digits, ". _ -", no leading dot or dash. */
bool catalog_is_name(const char *name);
/* Where the ACP registry's last copy is (caller frees); NULL without a home. */
char *catalog_registry_path(void);
/* The entry with this id (or an alias of ours) in a registry index; NONE: none. */
struct span catalog_registry_entry(struct span index, const char *id);
/* Where this user's own files are: $XDG_CONFIG_HOME/sandbox-agent/agents.d. NULL without a home. */
char *catalog_user_folder(void);
/* Where sa-install-agent notes agents that came from a registry. NULL without a home. */
char *catalog_data_folder(void);

#endif
