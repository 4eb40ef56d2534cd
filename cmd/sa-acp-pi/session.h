/*
 * A session: its Pi process, what was asked of it, what it told.
 *
 *            | opened    | all four   | prompt  | agent_  | process   | close
 *            |           | answered   |         | settled | ends      |
 *   ---------+-----------+------------+---------+---------+-----------+--------
 *   STARTING | -         | REPLAYING  | queue   | -       | refuse, - | CLOSING
 *   REPLAYING| -         | (get_messages told: answer, READY)        | CLOSING
 *   READY    | -         | -          | send    | next    | fail, DEAD| CLOSING
 *   DEAD     | -         | -          | START again with --session    | gone
 *   CLOSING  | refuse    | -          | refuse  | -       | gone      | -
 */
#ifndef PI_SESSION_H
#define PI_SESSION_H

#include "adapter/consent.h"
#include "adapter/sessions.h"
#include "settings.h"

#include <stdbool.h>
#include <stdint.h>

struct session {
	struct adapter_session base; /* first */
	char *file;		     /* Pi's record of it; NULL until known */
	int starting;		     /* answers that are missing until it is ready */

	struct command *commands; /* ours without an answer */
	uint64_t next_command;
	struct settings settings;
	struct question *questions; /* Pi's without an answer */
	struct consents consents;
	struct buf left_out;  /* MCP servers that Pi cannot have, by name; empty once told */
	char *slash_commands; /* available commands until the request is answered, JSON */

	char *stop_reason; /* of the last assistant message of the turn */
	char *turn_error;  /* and its errorMessage */
	int64_t tokens[4]; /* input, output, cache read, cache write of the turn */
};

/* Parts of pi_agent: see adapter/session.h. */
void session_init(struct session *session);
int session_open(struct session *session, struct span params, struct sa_error *err);
int session_restart(struct session *session, struct sa_error *err);
void session_ended(struct session *session);
void session_release(struct session *session);

/* One of the answers that it waits for at the start has come. */
void session_answered(struct session *session);
/* get_messages has been told. */
void session_replayed(struct session *session);

#endif
