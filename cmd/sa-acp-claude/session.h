/*
 * A session: its Claude Code process, what was asked of it, what it told.
 *
 *            | opened    | initialize  | prompt  | idle    | process   | close
 *            |           | answered    |         |         | ends      |
 *   ---------+-----------+-------------+---------+---------+-----------+--------
 *   STARTING | -         | REPLAYING   | queue   | -       | refuse, - | CLOSING
 *   REPLAYING| -         | (at the end: answer, READY) queue           | CLOSING
 *   READY    | -         | -           | send    | next    | fail, DEAD| CLOSING
 *   DEAD     | -         | -           | START again with --resume     | gone
 *   CLOSING  | refuse    | -           | refuse  | -       | gone      | -
 */
#ifndef CLAUDE_SESSION_H
#define CLAUDE_SESSION_H

#include "adapter/sessions.h"
#include "base/ident.h"
#include "history.h"
#include "plan.h"
#include "settings.h"
#include "tool.h"

#include <stdbool.h>
#include <stdint.h>

enum session_state {
	SESSION_STARTING,
	SESSION_REPLAYING,
	SESSION_READY,
	SESSION_DEAD,
	SESSION_CLOSING,
};

struct session {
	struct adapter_session base; /* first */
	enum session_state state;
	char forked_from[IDENT_UUID_BYTES]; /* SESSION_FORK */
	char *mcp_config;		    /* owned JSON, or NULL */
	char *directories;		    /* owned JSON array, or NULL */
	char *system_prompt;		    /* owned, or NULL */
	bool is_system_appended;

	enum session_open open;
	char *initialized;   /* the answer to initialize until the request is answered */
	char *startup_error; /* what Claude said of its own start, or NULL */

	struct control *controls; /* our control requests without an answer */
	uint64_t next_control;
	struct permission *permissions; /* Claude's, without an answer */

	struct settings settings;
	struct plan plan;
	struct tool *tools; /* calls without a result */
	struct history replay;
	struct turn_facts {
		char *message_id;  /* of the message that streams, owned */
		char *model;	   /* of that message, owned */
		char *error_kind;  /* assistant.error of the turn, owned */
		char *result;	   /* the turn's result line, owned; NULL until it came */
		int64_t used;	   /* tokens of the last request */
		int64_t output;	   /* how many of them are its answer so far */
		bool has_states;   /* session_state_changed is told: answer at idle */
		bool is_streaming; /* message_id's deltas were forwarded */
	} turn;
};

/*
 * Open one for a request (session/new, load, resume, fork): checks its
 * params, starts Claude, answers later. Errors are answered at once.
 */
void session_open(struct adapter *adapter, const struct envelope *envelope, enum session_open open);
/* Start Claude again for a session that is DEAD. 0, or -1 with err. */
int session_restart(struct session *session, struct sa_error *err);
/* Claude answered initialize: response is its body. */
void session_initialized(struct session *session, struct span response);
/* Its process has ended. */
void session_ended(struct session *session);
/* Timers, replay. The next deadline. */
int64_t session_tick(struct session *session);
/* End it; close_request (raw JSON id, NULL: nobody waits) is answered when it has ended. */
void session_close(struct session *session, const char *close_request);
void session_free(struct session *session);

/* A line for Claude: the queue, to which the caller appends one with its newline. */
struct buf *session_line(struct session *session);

#endif
