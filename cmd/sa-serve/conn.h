/*
 * One connection: bytes in, bytes out, deadlines, the end. What the bytes
 * ask for is an exchange (exchange.h).
 *
 *   state     readable             answer done        timer            client gone
 *   HEAD      parse, begin one     -                  408 or close     close
 *   BODY      feed the exchange    HEAD               408 and close    abandon, close
 *   BUSY      (not read)           HEAD               see exchange     abandon, close
 *   FILE      (not read)           HEAD               close            close
 *   HANDED    (a child owns it)    LINGER             -                -
 *   LINGER    read and dropped     -                  close            close
 *
 * An answer that ends the connection (RFC 9112 9.6): all of it is sent, our
 * side is shut down, what still comes is read and dropped for LINGER_MS, so
 * that a reset does not destroy the answer on its way.
 */
#ifndef SA_SERVE_CONN_H
#define SA_SERVE_CONN_H

#include "exchange.h"
#include "front.h"

#include <sys/types.h>

enum conn_state {
	CONN_HEAD,
	CONN_BODY,
	CONN_BUSY,
	CONN_FILE,
	CONN_HANDED,
	CONN_LINGER,
	CONN_CLOSED, /* freed at the end of the iteration */
};

struct conn {
	struct front *front;
	struct conn *prev, *next;
	struct timer timer; /* its conn is conn_of_timer() */
	int in_fd, out_fd;  /* owned; the same but for a pair of pipes */
	struct watch in;
	struct watch out; /* only when out_fd is another one */
	enum conn_state state;
	bool is_socket;
	bool is_unix;
	bool is_last;	 /* the connection ends after this answer */
	bool is_hanging; /* the head is out: hand it over */
	bool is_at_end;	 /* the client has shut its side down */
	uint64_t requests;
	struct buf bytes; /* read, not looked at */
	size_t head_seen;
	size_t body_step; /* bytes since the body's timer was started */
	struct buf out_bytes;
	struct exchange exchange;
};

/* A connection; both descriptors are taken. 0; -1 and they are closed. */
int conn_open(struct front *front, int in_fd, int out_fd, bool is_unix);
struct conn *conn_of_timer(struct timer *timer);
void conn_expire(struct conn *c, enum timer_kind kind);
/* Close at once, give up what is under way. */
void conn_close(struct conn *c);
/* The exchange is over: its whole answer is queued. */
void conn_answered(struct conn *c);
/* Something has been queued or changed outside of the connection's own events. */
void conn_resume(struct conn *c);
/* The child that owned it has ended. */
void conn_return(struct conn *c);
/* A command can take more of the body. */
void conn_feed(struct conn *c);
/* Free what has been closed. */
void conns_sweep(struct front *front);
/* Every connection that does nothing; is_all: every one. */
void conns_close(struct front *front, bool is_all);
/* Has everybody got the answer that was due? */
bool conns_are_done(const struct front *front);

#endif
