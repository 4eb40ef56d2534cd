/* A session and the way to the supervisor that owns it. */
#ifndef SA_SESSION_CONNECTION_H
#define SA_SESSION_CONNECTION_H

#include "agent/link.h"
#include "store/store.h"

#include <stdbool.h>

struct connection {
	struct store *store;
	struct server server;
	struct session session;
	struct link link;
};

#define CONNECTION_INIT ((struct connection){.link = {.fd = -1}})

void connection_close(struct connection *c);
#define cleanup_connection __attribute__((cleanup(connection_close)))

/*
 * Find the session that reference means: an id, an unambiguous prefix,
 * "@last", or "-" for a session record on stdin. A supervisor that died is
 * tidied up after. 0, or -1.
 */
int connection_find(struct connection *c, const char *reference, struct sa_error *err);
/* Read its rows again, as connection_find() does. 0, or -1. */
int connection_look_again(struct connection *c, struct sa_error *err);
/* Its supervisor hung up: wait a moment until that process is gone, so that its rows can be
 * settled. */
void connection_await_end(const struct connection *c);
/* Connect to its supervisor. 0, or -1: PROBLEM_CONFLICT when it is over, also when that turns out
 * only now: c->session tells. */
int connection_link(struct connection *c, struct sa_error *err);
/* Shall the server end when this process does, however that comes? 0, or -1. */
int connection_tie(struct connection *c, bool is_tied, struct sa_error *err);
/* Ask the agent to end the linked session's turn; wait until that is recorded. 0, or -1. */
int connection_cancel(struct connection *c, struct sa_error *err);
/* Drop the prompts that wait for the linked session's turn to end. 0, or -1. */
int connection_unqueue(struct connection *c, struct sa_error *err);
/*
 * End the agent, its process tree and all sessions it has; wait for it.
 * outcome: "closed", or "interrupted": they can be resumed. 0, or -1.
 */
int connection_stop_server(struct connection *c, const char *outcome, const char *reason,
			   struct sa_error *err);
/* End the linked session: its agent too, unless that has other sessions. 0, or -1. */
int connection_close_session(struct connection *c, struct sa_error *err);

#endif
