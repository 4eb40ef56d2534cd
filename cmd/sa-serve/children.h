/*
 * Spawned commands: one for a request (body in, answer out), the owner of a
 * stream or a socket (the client's connection itself is its output), and the
 * filters of asks.h, of which only the end is watched here.
 */
#ifndef SA_SERVE_CHILDREN_H
#define SA_SERVE_CHILDREN_H

#include "base/error.h"
#include "conn.h"

#include <stdbool.h>

/* Is there room for one more (--max-commands)? 0, or -1 with PROBLEM_SESSION_BUSY. */
int children_check_room(const struct front *front, struct sa_error *err);
/* Start the route's command for the exchange, its body to come by children_write(). 0, or -1. */
int children_start(struct conn *c, struct sa_error *err);
/* Bytes for its standard input. How many it took; the rest has to wait for conn_feed(). */
size_t children_write(struct conn *c, struct span data);
/* The body is complete. */
void children_end_input(struct conn *c);
/* The head is sent: the route's words get the connection. It comes back by conn_return(). */
void children_hand_over(struct conn *c);
/* The client has left, or the server stops. */
void children_forget(struct conn *c);

/* Run "COMMAND filter" with these two descriptors. 0, or -1. */
int children_start_filter(struct front *front, const char *const *words, const int *fds,
			  struct sa_error *err);

/* SIGCHLD: reap whatever has ended. */
void children_reap(struct front *front);
/* SIGTERM to all but the filters; is_hard: SIGKILL, to the filters too. */
void children_stop(struct front *front, bool is_hard);
void children_free(struct front *front);

#endif
