/*
 * A session: a thread of Amp, and the process that works on it.
 *
 *            | threads | prompt      | assistant | process        | close
 *            | new told|             | end_turn  | ends           |
 *   ---------+---------+-------------+-----------+----------------+--------
 *   STARTING | READY   | -           | -         | refuse, -      | refuse, -
 *   READY, without a process:
 *            | -       | start, send | -         | -              | gone
 *   READY    | -       | queue, send | answer    | fail           | CLOSING
 *   CLOSING  | -       | refuse      | -         | gone           | -
 *
 * With questions open, the turn goes on behind end_turn (question.h).
 * Amp ends after an error and after an interrupt; the next prompt starts it
 * again with `threads continue`.
 */
#ifndef AMP_SESSION_H
#define AMP_SESSION_H

#include "adapter/consent.h"
#include "adapter/sessions.h"
#include "gate.h"

#include <stdbool.h>
#include <stdint.h>

struct session {
	struct adapter_session base; /* first; its id is the thread's */
	char *mcp_config;	     /* JSON, or NULL */
	int starts;		     /* of Amp for the prompt that it has not begun yet */
	char *error;		     /* the result line's error, until the process ends */
	int64_t tokens[4];	     /* input, output, cache read, cache write of the turn */
	bool is_asking;		     /* mode "ask" */
	bool is_stale;		     /* Amp runs in another mode than is wanted now */
	char *held;		     /* why Amp has ended the turn, while questions are open */
	struct gate gate;
	struct question *questions;
	struct consents consents;
};

/* Parts of amp_agent: see adapter/session.h. */
void session_init(struct session *session);
int session_open(struct session *session, struct span params, struct sa_error *err);
void session_line(struct session *session, struct span line);
void session_ended(struct session *session);
void session_change(struct session *session, const struct envelope *envelope, int setting,
		    struct span value, enum session_reply reply);
int64_t session_tick(struct session *session);
void session_release(struct session *session);

/* Start Amp for the thread unless it runs. 0, or -1. */
int session_start(struct session *session, struct sa_error *err);

#endif
