/* Node and npm, for the agents that are JavaScript. */
#ifndef SA_INSTALL_AGENT_NODE_H
#define SA_INSTALL_AGENT_NODE_H

#include "package.h"
#include "place.h"

/*
 * A Node of at least this version ("22.19"): SANDBOX_AGENT_NODE, else on PATH.
 * Its path (caller frees); NULL with PROBLEM_INSTALL_FAILED that says which
 * one is there and what is needed.
 */
char *node_find(const char *least, struct sa_error *err);
/* Write .run into the staging folder: it becomes "node ENTRY" of the version, no process in
 * between that stays. 0, or -1. */
int node_write_run(struct place *place, const char *version, const char *node, const char *entry,
		   struct sa_error *err);
/* Add text to a shell script as one word that means itself. */
void shell_add_quoted(struct buf *b, const char *text);
/*
 * Let npm install the package with all it depends on into the staging
 * folder, without running their scripts. lock is a package-lock.json to be
 * followed to the letter, or NONE; what npm chose comes back in ret_lock.
 * 0; -1 with npm's own words.
 */
int node_install(struct place *place, const struct package *package, bool is_offline,
		 struct span lock, struct buf *ret_lock, struct sa_error *err);

#endif
