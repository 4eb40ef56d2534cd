/*
 * Which program speaks ACP for an agent name, and how it is found. The
 * first of these that there is:
 *
 *   1 launcher  <data>/bin/agent_processes/NAME-acp: the reference's place; somebody put it there
 *   2 command   "command" of a user's agents.d file or of a registry's entry
 *   3 adapter   the official ACP adapter on PATH, as in the reference: also put there on purpose
 *   4 own       our adapter beside us, with the agent's native program: the way by default, since
 *               sa-install-agent puts neither launcher nor adapter anywhere unless it is told to
 *   5 native    the agent's program, when it speaks ACP itself
 *
 * agent_program_choose() or SANDBOX_AGENT_ADAPTER chooses: "own" skips 1 and 3, "official" skips 4;
 * "claude=official pi=own" says it for single agents, as does a member
 * "adapter_choice" in agents.d. A native program is looked for in <data>/bin,
 * then on PATH. In 3 and 4 the order is the reference's: its users have scripts
 * that rely on it.
 */
#ifndef SA_AGENT_REGISTRY_H
#define SA_AGENT_REGISTRY_H

#include "agent/catalog.h"
#include "base/error.h"

enum agent_route {
	ROUTE_NONE,
	ROUTE_COMMAND_LINE, /* --agent-command */
	ROUTE_LAUNCHER,
	ROUTE_COMMAND,
	ROUTE_ADAPTER,
	ROUTE_OWN,
	ROUTE_NATIVE,
};
/* "launcher", "own", ...: for records and messages. */
const char *agent_route_name(enum agent_route route);

struct agent_program {
	char *name;
	char **argv; /* NULL-terminated; argv[0] is a path, or a name found on PATH */
	enum agent_route route;
};
void agent_program_clear(struct agent_program *program);
#define cleanup_agent_program __attribute__((cleanup(agent_program_clear)))

/*
 * The program for name; or for command (words, see cli/words.h), then name
 * may be NULL and the agent is called after the program. Installs nothing.
 * 0; -1 with PROBLEM_UNSUPPORTED_AGENT for a name nobody knows,
 * PROBLEM_AGENT_NOT_INSTALLED with words on how to get it.
 */
int agent_program_find(const char *name, const char *const *command, struct agent_program *ret,
		       struct sa_error *err);
/*
 * The same for the adapter that somebody chose for this one time: "own" or
 * "official" (which is never put in place on the way: it would be used by all
 * sessions from then on).
 */
int agent_program_choose(const char *name, const char *choice, struct agent_program *ret,
			 struct sa_error *err);
/* The same for a record at hand. */
int agent_program_of(const struct agent_record *record, struct agent_program *ret,
		     struct sa_error *err);

/* The native program of an agent: <data>/bin/PROGRAM, else on PATH. NULL: not there, or it has
 * none. The caller frees. */
char *agent_native_path(const struct agent_record *record);
/* <data>/bin/agent_processes/NAME-acp, whether it is there or not. NULL without a home. */
char *agent_launcher_path(const char *name);
/* The program of the official adapter on PATH; NULL: not there. The caller frees. */
char *agent_adapter_path(const struct agent_record *record);

#endif
