/*
 * A session: a thread of Amp, and the process that works on it.
 *
 *            | threads | prompt      | assistant | process        | close
 *            | new told|             | end_turn  | ends           |
 *   ---------+---------+-------------+-----------+----------------+--------
 *   OPENING  | IDLE    | -           | -         | refuse, -      | refuse, -
 *   IDLE     | -       | start, send | -         | -              | gone
 *   RUNNING  | -       | queue, send | answer    | fail, IDLE     | CLOSING
 *   CLOSING  | -       | refuse      | -         | gone           | -
 *
 * With questions open, RUNNING goes on behind end_turn (question.h).
 * Amp ends after an error and after an interrupt; the next prompt starts it
 * again with `threads continue`.
 */
#ifndef AMP_SESSION_H
#define AMP_SESSION_H

#include "adapter/sessions.h"
#include "gate.h"

#include <stdbool.h>
#include <stdint.h>

enum session_state { SESSION_OPENING, SESSION_IDLE, SESSION_RUNNING, SESSION_CLOSING };

struct session {
	struct adapter_session base; /* first; its id is the thread's */
	enum session_state state;
	char *mcp_config;   /* JSON, or NULL */
	int starts;	    /* of Amp for the prompt that it has not begun yet */
	struct tool *tools; /* calls without a result */
	char *error;	    /* the result line's error, until the process ends */
	int64_t tokens[4];  /* input, output, cache read, cache write of the turn */
	bool is_asking;	    /* mode "ask" */
	bool is_stale;	    /* Amp runs in another mode than is wanted now */
	char *held;	    /* why Amp has ended the turn, while questions are open */
	struct gate gate;
	struct question *questions;
	struct buf always; /* tools that are allowed for ever, one a line */
};

void session_open(struct adapter *adapter, const struct envelope *envelope, enum session_open open);
/* session/set_mode, session/set_config_option: sa's adapter_agent.change. */
void session_change(struct session *session, const struct envelope *envelope, int setting,
		    struct span value, bool is_option);
/* A line of `threads new`. */
void session_named(struct session *session, struct span line);
/* Start Amp for the thread unless it runs. 0, or -1. */
int session_start(struct session *session, struct sa_error *err);
int64_t session_tick(struct session *session);
void session_close(struct session *session, const char *close_request);
void session_free(struct session *session);

#endif
