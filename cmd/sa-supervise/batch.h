/*
 * What one iteration of the loop makes durable: events, and the answers that
 * clients get once the events are committed. When the store cannot be
 * written the batch is kept and tried again; nothing is read meanwhile.
 */
#ifndef SA_SUPERVISE_BATCH_H
#define SA_SUPERVISE_BATCH_H

#include "supervisor.h"

struct batch *batch_new(void);
void batch_free(struct batch *batch);

/* A new event. All spans are copied. Its eventIndex. */
int64_t batch_add_event(struct supervisor *sv, enum sender sender, struct span session_id,
			struct span payload, struct span raw, struct span answers);

/* A notification of our own, about a session (NULL: none). params: a JSON object, copied. */
void batch_add_notice(struct supervisor *sv, const struct session_track *session,
		      const char *method, struct span params);

enum delivery_type {
	DELIVER_ACCEPTED, /* the message is recorded and on its way to the agent */
	DELIVER_ANSWER,	  /* the event at index answers the client's request */
	DELIVER_SETTLED,  /* the client's reply to an ask counted, its wish is done */
	DELIVER_QUEUED,	  /* the prompt waits; it is stored if it is detached */
};
/* Tell a client (serial) about event index, after the commit. */
void batch_add_delivery(struct supervisor *sv, enum delivery_type type, uint64_t client,
			int64_t ref, int64_t index);

/* Tell a client that its prompt is queued, and after how many more turns it will be over. */
void batch_add_queued(struct supervisor *sv, uint64_t client, int64_t ref, int64_t turns,
		      int64_t number);

bool batch_is_empty(const struct supervisor *sv);
/* Events that are not committed yet. */
size_t batch_event_count(const struct supervisor *sv);
/* What they hold. */
size_t batch_bytes(const struct supervisor *sv);
/* Does somebody wait for this commit? (A client's own message may wait for company.) */
bool batch_is_urgent(const struct supervisor *sv);
/* Commit and show. True when the store took it (or there was nothing to do). */
bool batch_flush(struct supervisor *sv);

#endif
