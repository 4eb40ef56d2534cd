/* One prompt turn. */
#ifndef SA_SESSION_TURN_H
#define SA_SESSION_TURN_H

#include "connection.h"

struct turn_options {
	bool is_detached; /* nobody waits for its end */
	const char *when; /* in the middle of another turn: "queue", "reject", "now" */
	int64_t deadline; /* monotonic, of the whole turn */
	int wake_fd;	  /* readable: stop waiting; -1: none */
};

/* What came of it; the caller clears. */
struct turn {
	int64_t ref;
	int64_t since;	   /* eventIndex before the prompt; of the queueing, when is_queued */
	int64_t until; /* ... and of its answer, once that is there; 0: not yet */
	int64_t turns;	   /* how many turns end until it is over, from since on */
	bool is_queued;	   /* detached, and stored behind the turn that runs */
	char *prompt_id;   /* then: its id in the queue; NULL otherwise */
	char *stop_reason; /* end_turn, cancelled, ... */
};
void turn_clear(struct turn *turn);

/*
 * Send content blocks (a JSON array) as a prompt; wait until it is recorded
 * and on its way to the agent, or, when detached, stored in the queue. 0, 2
 * when wake_fd became readable, or -1. Unless it is detached it leaves the
 * queue with us.
 */
int turn_start(struct connection *c, struct span blocks, const struct turn_options *options,
	       struct turn *ret, struct sa_error *err);
/*
 * Wait for the turn's end. At the deadline, or when wake_fd became readable,
 * the turn is cancelled. 0, 2 for wake_fd, or -1.
 */
int turn_wait(struct connection *c, struct turn *turn, const struct turn_options *options,
	      struct sa_error *err);
/* Append the agent's text of that turn. 0, or -1. */
int turn_add_answer(struct connection *c, const struct turn *turn, struct buf *ret,
		    struct sa_error *err);
/* Has our own supervisor cut the turn short with this event? Then err says how. */
bool turn_judge_event(const struct event *event, struct sa_error *err);
/* The exit status that a finished turn stands for: 0, or -1; PROBLEM_REQUEST_EXPIRED when
 * something that it asked was not answered. */
int turn_judge(struct connection *c, const struct turn *turn, struct sa_error *err);

#endif
