/* Connections to the supervisors of several servers, for commands that serve a stream of lines. */
#ifndef SA_SESSION_LINKS_H
#define SA_SESSION_LINKS_H

#include "agent/link.h"
#include "store/store.h"

enum { LINKS_MAX = 256 }; /* open at once; above, those without work are closed */

struct server_link {
	struct server server;
	struct link link;
	struct buf out; /* waits to be sent; only for links_send() */
	size_t open;	/* requests without an answer */
};

struct links {
	struct store *store;
	const char *by;	    /* who answers: for the record; NULL: "cli" */
	const char *reason; /* and why; NULL: not said */
	struct server_link **items;
	size_t count;
};

#define LINKS_INIT ((struct links){.store = NULL})

void links_free(struct links *links);
/* The connection to this server, opened if need be. NULL with err. */
struct server_link *links_get(struct links *links, int64_t server_key, struct sa_error *err);
/* Close it and forget it. */
void links_drop(struct links *links, struct server_link *link);

/* Queue one op (see link_send()) and send what the socket takes without waiting. 0, or -1. */
int links_send(struct server_link *link, struct span op, struct sa_error *err);
int links_flush(struct server_link *link, struct sa_error *err);
size_t links_queued_bytes(const struct links *links);

#endif
