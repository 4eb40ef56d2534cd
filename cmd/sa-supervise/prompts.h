/* Prompts for sessions, one turn at a time: what comes during a turn waits in order. */
#ifndef SA_SUPERVISE_PROMPTS_H
#define SA_SUPERVISE_PROMPTS_H

#include "traffic.h"

enum prompt_when {
	PROMPT_QUEUE,  /* after the running turn */
	PROMPT_NOW,    /* whatever the agent makes of it */
	PROMPT_REJECT, /* PROBLEM_SESSION_BUSY during a turn */
};

/* A session/prompt for the session with our id. is_detached: it stays queued when its client
 * leaves. 0, or -1. */
int prompts_take(struct supervisor *sv, const char *session_id, enum prompt_when when,
		 bool is_detached, const struct client_message *message, struct sa_error *err);
/* The session's turn is over: send what waits. */
void prompts_next(struct supervisor *sv, struct session_track *session);
/* Prompts that only a client who has left was waiting for are dropped. */
void prompts_forget_client(struct supervisor *sv, uint64_t client);
/* Nothing of it will be sent. */
void prompts_refuse_all(struct supervisor *sv, const char *why);

#endif
