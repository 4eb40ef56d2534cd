/* What a stream knows of the store: which sessions there are, and how far each server is read. */
#ifndef SA_OPENCODE_ROSTER_H
#define SA_OPENCODE_ROSTER_H

#include "base/error.h"
#include "store/store.h"
#include "tell.h"
#include "thread.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster_session {
	struct session row; /* as it was told last */
	struct thread thread;
	bool has_thread;
	bool is_seen; /* in this look */
};

struct roster_server {
	int64_t key;
	int64_t position; /* eventIndex up to which it is read */
	int64_t updated_ms;
};

struct roster {
	struct roster_session *sessions;
	size_t session_count;
	struct roster_server *servers;
	size_t server_count;
	int64_t quiet_before_ms; /* records of earlier are only taken note of */
};

/*
 * Learn what there is without telling it, but for what has happened since
 * (Unix milliseconds; INT64_MAX: tell nothing). Turns that are under way
 * are read from their beginning. 0, or -1.
 */
int roster_begin(struct roster *roster, struct store *store, struct teller *teller, int64_t since,
		 struct sa_error *err);
/* Tell what is new. 0, or -1. */
int roster_look(struct roster *roster, struct store *store, struct teller *teller,
		struct sa_error *err);
void roster_free(struct roster *roster);

#endif
