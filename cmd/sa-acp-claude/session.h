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

#include <stdbool.h>
#include <stdint.h>

struct session {
	struct adapter_session base;	    /* first */
	char forked_from[IDENT_UUID_BYTES]; /* SESSION_FORK */
	char *mcp_config;		    /* owned JSON, or NULL */
	char *directories;		    /* owned JSON array, or NULL */
	char *system_prompt;		    /* owned, or NULL */
	bool is_system_appended;
	bool is_again; /* its process is not the first one: it has to be told what was set */

	char *initialized;   /* the answer to initialize until the request is answered */
	char *startup_error; /* what Claude said of its own start, or NULL */

	struct control *controls; /* our control requests without an answer */
	uint64_t next_control;
	struct permission *permissions; /* Claude's, without an answer */

	struct settings settings;
	struct plan plan;
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

/* Parts of claude_agent: see adapter/session.h. */
void session_init(struct session *session);
int session_open(struct session *session, struct span params, struct sa_error *err);
int session_restart(struct session *session, struct sa_error *err);
void session_ended(struct session *session);
int64_t session_tick(struct session *session);
void session_release(struct session *session);
/* Claude answered initialize: response is its body. */
void session_initialized(struct session *session, struct span response);
/* A line for Claude: the queue, to which the caller appends one with its newline. */
struct buf *session_line(struct session *session);

#endif
