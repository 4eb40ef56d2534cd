/*
 * A session: a thread of the app-server.
 *
 *            | opened by | thread   | prompt      | app-server | close
 *            | a request | answered |             | ends       |
 *   ---------+-----------+----------+-------------+------------+--------
 *   STARTING | -         | REPLAYING| -           | refuse, -  | refuse, -
 *   REPLAYING| -         | (history told: answer, READY)        | refuse, -
 *   READY    | -         | -        | turn/start  | fail, DEAD | gone
 *   DEAD     | -         | READY    | resume first| fail, DEAD | gone
 */
#ifndef CODEX_SESSION_H
#define CODEX_SESSION_H

#include "acp/envelope.h"
#include "adapter/sessions.h"
#include "settings.h"

#include <stdbool.h>
#include <stdint.h>

/* additionalDirectories in config. */
#define SESSION_ROOTS "sandbox_workspace_write.writable_roots"

struct codex;

struct session {
	struct adapter_session base; /* first; its id is the thread's */
	struct codex *codex;
	char *from;	    /* SESSION_FORK: the thread it begins with */
	char *config;	    /* JSON object for thread/start's config, or NULL */
	char *instructions; /* of _meta.systemPrompt, or NULL */
	bool is_instructions_appended;
	bool is_resuming; /* thread/resume is under way for a DEAD one */

	struct settings settings;
	char *turn_id;		    /* of the running turn; NULL until Codex has told */
	bool wants_interrupt;	    /* as soon as turn_id is known */
	struct approval *approvals; /* Codex's questions without an answer */
	char *streaming_id;	    /* of the item whose deltas were forwarded last */
	int64_t turn_tokens[4];	    /* input, output, cached, reasoning of the running turn */
	int64_t total_tokens;	    /* of the whole thread, as Codex told last */
};

/* Parts of codex_agent: see adapter/session.h. */
void session_init(struct session *session);
int session_open(struct session *session, struct span params, struct sa_error *err);
int64_t session_tick(struct session *session);
void session_close(struct session *session, const char *close_request);
void session_release(struct session *session);

/* Answer the opening request when thread and models are known. */
void session_check_opened(struct session *session);
/* A DEAD one: have Codex load the thread again, then go on. 0, or -1. */
int session_resume_lost(struct session *session, struct sa_error *err);
/* The app-server has ended. */
void session_lost(struct session *session, const char *why);

#endif
