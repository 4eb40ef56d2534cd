/* Start, stop and look at a server in the background. What people read goes to stderr, as the
 * reference does it; with is_json one object to stdout. */
#ifndef SA_DAEMON_H
#define SA_DAEMON_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct daemon_plan {
	const char *host;
	unsigned port;
	const char *token; /* NULL: none */
	bool is_no_token;
	bool is_upgrade; /* an outdated one is started anew */
	bool is_json;
	int64_t wait_ms;	  /* for it to be healthy, or to end */
	char *const *server_args; /* more words for the server; NULL-terminated */
};

/* Each returns an exit status, or -1. */
int daemon_start(const struct daemon_plan *plan, struct sa_error *err);
int daemon_stop(const struct daemon_plan *plan, struct sa_error *err);
int daemon_status(const struct daemon_plan *plan, struct sa_error *err);

#endif
