/* The agent's three pipes. */
#ifndef SA_SUPERVISE_AGENT_IO_H
#define SA_SUPERVISE_AGENT_IO_H

#include "supervisor.h"

/* The supervisor's ends (taken over). 0, or -1. */
int agent_io_init(struct supervisor *sv, int stdin_fd, int stdout_fd, int stderr_fd,
		  struct sa_error *err);
/* Can the agent not be sent anything now? Then true, with the reason. */
bool agent_io_refuses(const struct supervisor *sv, struct sa_error *err);
/* One line for the agent, without its newline. */
void agent_io_send(struct supervisor *sv, struct span line);
/* End of input for the agent. */
void agent_io_close_stdin(struct supervisor *sv);
/* The agent is dead: read what it left in its pipes, for deadline_ms at most, and close them. */
void agent_io_drain(struct supervisor *sv, int64_t deadline_ms);
/* At the end of an iteration: read on, or hold back while the store refuses. */
void agent_io_settle(struct supervisor *sv);
void agent_io_free(struct supervisor *sv);

/* "agent 'x' exited with status 3: last line of stderr"; the caller frees. */
char *agent_io_how_it_ended(const struct supervisor *sv);
/* Members code, signal, stderr for a JSON object. */
void agent_io_add_exit(const struct supervisor *sv, struct buf *b);

#endif
