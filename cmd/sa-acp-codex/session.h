/*
 * A session: a thread of the app-server.
 *
 *            | opened by | thread   | prompt      | app-server | close
 *            | a request | answered |             | ends       |
 *   ---------+-----------+----------+-------------+------------+--------
 *   OPENING  | -         | REPLAYING| -           | refuse, -  | refuse, -
 *   REPLAYING| -         | (history told: answer, READY)        | refuse, -
 *   READY    | -         | -        | turn/start  | fail, LOST | gone
 *   LOST     | -         | READY    | resume first| fail, LOST | gone
 */
#ifndef CODEX_SESSION_H
#define CODEX_SESSION_H

#include "acp/envelope.h"
#include "adapter/sessions.h"
#include "item.h"
#include "settings.h"

#include <stdbool.h>
#include <stdint.h>

struct codex;

enum session_state { SESSION_OPENING, SESSION_REPLAYING, SESSION_READY, SESSION_LOST };

struct session {
	struct adapter_session base; /* first; its id is the thread's */
	struct codex *codex;
	enum session_state state;
	enum session_open open;
	char *from;	    /* SESSION_FORK: the thread it begins with */
	char *config;	    /* JSON object for thread/start's config, or NULL */
	char *instructions; /* of _meta.systemPrompt, or NULL */
	bool is_instructions_appended;
	bool is_resuming; /* thread/resume is under way for a LOST one */

	struct settings settings;
	char *turn_id;		    /* of the running turn; NULL until Codex has told */
	bool wants_interrupt;	    /* as soon as turn_id is known */
	struct item *items;	    /* tool calls without an end */
	struct approval *approvals; /* Codex's questions without an answer */
	char *streaming_id;	    /* of the item whose deltas were forwarded last */
	int64_t turn_tokens[4];	    /* input, output, cached, reasoning of the running turn */
};

/* session/new, load, resume, fork: answered later; errors at once. */
void session_open(struct adapter *adapter, const struct envelope *envelope, enum session_open open);
/* Answer the opening request when thread and models are known. */
void session_check_opened(struct session *session);
/* A LOST one: have Codex load the thread again; turn_next goes on. 0, or -1. */
int session_resume_lost(struct session *session, struct sa_error *err);
/* The app-server has ended. */
void session_lost(struct session *session, const char *why);
/* Timers. The next deadline. */
int64_t session_tick(struct session *session);
void session_close(struct session *session, const char *close_request);
void session_free(struct session *session);

#endif
