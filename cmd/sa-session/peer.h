/*
 * One agent connection: found, launched (its agent installed first if need
 * be) or linked, told things, and heard.
 *
 *   state        POST arrives   ready/linked   link ends        stop
 *   INSTALLING   queue          LAUNCHING      -                queue
 *   LAUNCHING    queue          LINKED         (fails the jobs) queue
 *   LINKED       send           -              GONE             ENDING
 *   ENDING       queue after    -              GONE, go on      join
 */
#ifndef SA_SESSION_PEER_H
#define SA_SESSION_PEER_H

#include "broker.h"

/* In memory, not gone. NULL: none. */
struct peer *peer_find(struct broker *broker, const char *id);
/*
 * The connection of this server id for a job: the known one, a running
 * supervisor's, or a new one. agent NULL: as the store knows it. may_start:
 * an agent that has ended may be started again. NULL with err and maybe
 * extensions (JSON members).
 */
struct peer *peer_get(struct broker *broker, const char *id, const char *agent, bool may_start,
		      struct sa_error *err, struct buf *extensions);
/* The same without starting anything. 1: *ret is it; 0: no agent runs (ret_server is its row, to
 * be cleared, when there is one that is not closed: key is not 0); -1. */
int peer_get_running(struct broker *broker, const char *id, struct peer **ret,
		     struct server *ret_server, struct sa_error *err);
/* A new one with a program of the caller's choice, on these terms (JSON, NULL: none). NULL with err. */
struct peer *peer_launch(struct broker *broker, const char *id, const char *agent,
			 const char *const *command, const char *adapter, const char *cwd,
			 char *const *env, size_t env_count, const char *settings,
			 struct sa_error *err);
/* Now, or as soon as it is linked, or after its end from the beginning. */
void peer_submit(struct peer *peer, struct job *job);
/* Send an op that begins with these members: {"op":OP,"ref":N + rest + "}". The ref is the job's.
 */
void peer_send(struct job *job, const char *op, struct span rest);
/* End it with all it has; jobs that come now wait for its end. */
void peer_stop(struct peer *peer, const char *outcome, const char *reason);
/* What others have started for the same front (its relay, a filter for one request) becomes ours,
 * to end with us. */
void peers_take_strays(struct broker *broker);
/* The job is given up: leave its queues. */
void peer_forget(struct job *job);
/* SIGCHLD */
void peers_reap(struct broker *broker);
/* Free what is gone. */
void peers_sweep(struct broker *broker);
void peers_free(struct broker *broker);

#endif
