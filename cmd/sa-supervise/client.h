/* One connection to the supervisor's socket, and what it may ask for. */
#ifndef SA_SUPERVISE_CLIENT_H
#define SA_SUPERVISE_CLIENT_H

#include "supervisor.h"

struct client {
	struct supervisor *sv;
	struct client *next;
	uint64_t serial;
	struct watch watch;
	struct lines lines;
	struct buf out;
	char *session_id; /* follow only this session; NULL: all */
	bool is_live;	  /* gets events as they are committed */
	bool is_attached; /* ... or reads them in the store: somebody can see what is asked */
	bool is_gone;	  /* closed; freed at the end of the iteration */
	bool is_tied;	  /* the server ends with it */
	bool wants_stop_told;
	int64_t stop_ref;
};

/* Do what one line asks. */
void client_obey(struct client *c, struct span line);
/* Close it. */
void client_drop(struct client *c);

#endif
