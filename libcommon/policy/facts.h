/*
 * What an agent asks permission for, as facts that rules can be about. Agents
 * tell the same thing in different members (libcommon/agent/QUIRKS.md); here
 * they become one shape. Facts are for deciding, so each says how far it can
 * be trusted: a title is words for people, not the command that will run.
 */
#ifndef SA_POLICY_FACTS_H
#define SA_POLICY_FACTS_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

enum { FACTS_PATHS_MAX = 256 };

/* Strings are owned; NULL: not known. */
struct facts {
	const char *agent;     /* borrowed */
	const char *cwd;       /* borrowed; absolute */
	struct span request;   /* the JSON-RPC request as it came; borrowed */
	bool is_question;      /* elicitation/create, or a question in a permission's clothes */
	char *kind;	       /* ACP ToolKind */
	char *tool;	       /* the agent's own name of the tool */
	char *mcp;	       /* "server/tool" of an MCP tool */
	char *command;	       /* what a shell or exec would get */
	bool is_command_title; /* ... taken from the title: may be cut or wrong */
	char **paths;	       /* absolute, links resolved as far as they exist */
	size_t path_count;
	bool has_all_paths; /* false: there were more than FACTS_PATHS_MAX */
};

/*
 * Read session/request_permission or elicitation/create (ACP). All arguments
 * must outlive ret, which facts_clear() frees.
 */
void facts_read(struct span request, const char *agent, const char *cwd, struct facts *ret);
void facts_clear(struct facts *facts);

/*
 * The absolute path that path means from cwd: "." and ".." taken out, links
 * resolved in the part that exists. The caller frees.
 */
char *facts_resolve(const char *cwd, const char *path);
/* Is path (resolved) cwd or below it? cwd is resolved here. */
bool facts_is_inside(const char *cwd, const char *path);

#endif
