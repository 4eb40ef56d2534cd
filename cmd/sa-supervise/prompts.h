/*
 * Prompts: at once, or queued behind the turn that runs. A detached one (its
 * client does not wait) is stored with the batch that queues it, so that it
 * outlives us, and is sent when its session goes on.
 */
#ifndef SA_SUPERVISE_PROMPTS_H
#define SA_SUPERVISE_PROMPTS_H

#include "supervisor.h"
#include "traffic.h"

enum prompt_when {
	PROMPT_QUEUE,	  /* wait for the turn that runs */
	PROMPT_NOW,	  /* pass it on whatever the agent makes of it */
	PROMPT_INTERRUPT, /* cancel that turn, then go before all that wait */
	PROMPT_REJECT,	  /* PROBLEM_SESSION_BUSY while a turn runs */
};

/* A session/prompt of a client for the session with our id. 0, or -1. */
int prompts_take(struct supervisor *sv, const char *session_id, enum prompt_when when,
		 bool is_detached, const struct client_message *message, struct sa_error *err);
/* A turn of this session is over, or it lives again: send what waits, if no turn runs. */
void prompts_next(struct supervisor *sv, struct session_track *session);
/* The client left: what it queued is dropped unless detached. */
void prompts_forget_client(struct supervisor *sv, uint64_t client);
/* Take one out, or give it other content blocks (a JSON array); by: who, for the record, NULL
 * allowed. 0; -1 with PROBLEM_NOT_FOUND when it does not wait there any more. */
int prompts_drop_one(struct supervisor *sv, const struct session_track *session, int64_t number,
		     const char *by, struct sa_error *err);
int prompts_edit(struct supervisor *sv, const struct session_track *session, int64_t number,
		 struct span blocks, const char *by, struct sa_error *err);
/* Those that wait for this session, as a JSON array of records. */
void prompts_add_list(const struct supervisor *sv, const struct session_track *session,
		      struct buf *ret);
/* Drop what waits for this session, for good; its clients are told the problem. */
void prompts_drop(struct supervisor *sv, const struct session_track *session,
		  const struct sa_error *problem);
/* The agent is gone: refuse what clients wait for. Detached ones stay in the store unless
 * is_for_good. */
void prompts_refuse_all(struct supervisor *sv, bool is_for_good, const char *why);
/* Queued in an earlier life of this server; after sessions_load(). 0, or -1. */
int prompts_load(struct supervisor *sv, struct sa_error *err);
void prompts_free(struct supervisor *sv);
/* Does one wait for a session that is open? */
bool prompts_is_any_due(const struct supervisor *sv);

/* For the batch: the dirty rows (array owned by the caller), and once they are stored. */
size_t prompts_dirty(const struct supervisor *sv, const struct prompt ***ret);
bool prompts_is_dirty(const struct supervisor *sv);
void prompts_mark_clean(struct supervisor *sv);

#endif
