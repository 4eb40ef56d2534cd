/* Starting an agent for a look: does it answer initialize, and what does it offer? */
#ifndef SA_INSTALL_AGENT_PROBE_H
#define SA_INSTALL_AGENT_PROBE_H

#include "agent/registry.h"
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

enum {
	PROBE_WAIT_MS = 20000, /* for all of it; SANDBOX_AGENT_PROBE_TIMEOUT_MS sets another */
	PROBE_LINE_MAX_BYTES = 16 << 20,
	PROBE_STDERR_BYTES = 8 * 1024,
};

struct probe {
	struct buf initialize; /* the result of initialize */
	struct buf session;    /* of session/new, if asked for and given */
	char *session_error;   /* why not; NULL: it was given, or not asked for */
	int64_t initialize_ms; /* from the start to its answer */
};
#define PROBE_INIT                                                                                 \
	((struct probe){.initialize = BUF_INIT(PROBE_LINE_MAX_BYTES),                              \
			.session = BUF_INIT(PROBE_LINE_MAX_BYTES)})
void probe_clear(struct probe *probe);
#define cleanup_probe __attribute__((cleanup(probe_clear)))

/*
 * Start the program with the environment that a session gives it, in an
 * empty folder, talk, and end it with all that it started. 0 when initialize
 * was answered; -1 with the agent's last words and the way out.
 */
int probe_run(const struct agent_program *program, bool has_session, struct probe *ret,
	      struct sa_error *err);

#endif
