/* Bring an interrupted or closed session back. */
#ifndef SA_SESSION_RESUME_H
#define SA_SESSION_RESUME_H

#include "cli/options.h"
#include "connection.h"
#include "handshake.h"
#include "terms.h"

struct resume_options {
	const char *credentials;       /* NULL: as it was started */
	const struct string_list *env; /* NULL: none */
	const char *cwd;	       /* NULL: as recorded */
	struct revival how;
	const struct terms_options *terms; /* beside those that it was started on; NULL: none */
	int64_t timeout_ms;	       /* 0: RESUME_MS */
	bool is_granted;	       /* a living agent was started with all this, by us */
};

/*
 * Leaves c, whose session was found, linked to a living session: with a new
 * supervisor and agent, or in the living agent that had it. A session that
 * is open already is only linked. 0; -1 and it is as it was: PROBLEM_CONFLICT
 * too when its agent lives, and terms or credentials are wished that only a
 * new one would get.
 */
int resume_session(struct connection *c, const struct resume_options *options,
		   struct sa_error *err);
/* Start the recorded agent of c's server again, in folder, and link c to it. 0, or -1. */
int resume_server(struct connection *c, const struct resume_options *options, const char *folder,
		  int64_t deadline, struct sa_error *err);
/* For both: how long it may take. */
int64_t resume_deadline(const struct resume_options *options);

#endif
