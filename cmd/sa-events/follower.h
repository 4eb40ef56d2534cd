/* One followed session (or server): its position in the record and its link. */
#ifndef SA_EVENTS_FOLLOWER_H
#define SA_EVENTS_FOLLOWER_H

#include "agent/link.h"
#include "sink.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum until { UNTIL_END, UNTIL_TURN_END, UNTIL_NEVER };

struct follower {
	char *session_id; /* NULL: all of the server */
	int64_t server_key;
	int64_t position; /* everything up to this eventIndex is printed */
	struct link link; /* fd -1: none */
	int64_t open_prompts;
	int64_t awaited_turns; /* ends that are still to come, of prompts that run or wait */
	bool has_turn_end;     /* seen since the start */
	bool is_over;	       /* ended in the store */
	bool is_due;	       /* look into the store without delay */
	bool is_readable;      /* the link has news */
	bool is_done;
};

void follower_free(struct follower *f);
/* Print the requests of the server that wait for an answer, then stand behind its last event: who
 * begins to follow now must not miss what is asked already. 0, or -1. */
int follower_show_open(struct follower *f, const struct server *server, struct store *store,
		       struct sink *sink, struct sa_error *err);
/* Print committed events behind the position, to the end. 0, or -1. */
int follower_read_store(struct follower *f, struct store *store, struct sink *sink,
			struct sa_error *err);
/* Look after it: dead supervisors, missed events, a link if there is none. 0, or -1. */
int follower_visit(struct follower *f, struct store *store, struct sink *sink, enum until until,
		   struct sa_error *err);
/* Print what the link has now. 0, or -1. */
int follower_read_link(struct follower *f, struct store *store, struct sink *sink, enum until until,
		       struct sa_error *err);

#endif
