/* What a store has already of an agent connection that comes from elsewhere. */
#ifndef SA_STORE_STORY_H
#define SA_STORE_STORY_H

#include "store/store.h"

/* The server with this uid; key 0 when it is not there. 0, or -1. */
int story_find(struct store *store, const char *uid, struct server *ret, struct sa_error *err);
/* Make server, which is there, what the store has of it, but for numbers that are greater. */
int story_keep(struct store *store, struct server *server, struct sa_error *err);
/*
 * After a common past a connection may have gone on in both places: do the server and the event
 * with this eventIndex and time from elsewhere belong to one story? PROBLEM_CONFLICT when not; an
 * event that is not there says nothing.
 */
int story_check_event(struct store *store, const struct server *there, int64_t index,
		      int64_t at_ms, struct sa_error *err);
/* Is the session of the server with this uid there? PROBLEM_CONFLICT: it is one of another's. */
int story_has_session(struct store *store, const char *id, const char *uid, bool *ret,
		      struct sa_error *err);

#endif
