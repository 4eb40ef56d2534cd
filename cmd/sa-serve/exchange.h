/*
 * One request and its answer. What the head says is taken down when it is
 * there (the bytes are not kept); the body goes where the route wants it.
 */
#ifndef SA_SERVE_EXCHANGE_H
#define SA_SERVE_EXCHANGE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "http/chunked.h"
#include "http/request.h"
#include "http/verdict.h"
#include "routes.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;
struct ask;
struct child;

enum body_use {
	USE_DROP,
	USE_KEEP,  /* in body */
	USE_WRITE, /* to body_fd, a file */
	USE_PIPE,  /* to the child's standard input */
};

struct exchange {
	bool is_open; /* there is one */
	bool is_answered;
	const struct route *route; /* NULL: the front refuses */

	/* of the head */
	int minor_version;
	bool is_head;
	bool has_error_list; /* as the route wants its errors */
	bool is_keep_alive;
	bool expects_continue;
	char *origin;	       /* Origin, when it may read the answer; NULL otherwise */
	char *socket_key;      /* Sec-WebSocket-Key */
	char *socket_protocol; /* the subprotocol that was agreed on; NULL: none */
	struct buf params;     /* JSON members */
	struct buf headers;    /* likewise */
	uint64_t number;       /* request id: id_prefix and this */
	int64_t at_ms;	       /* wall clock */
	int64_t started_ms;    /* monotonic */
	char *log_text;	       /* method and target, for the log; NULL when it is off */
	char *log_headers;

	/* the body */
	bool has_body;
	bool is_chunked;
	struct http_chunked chunked;
	int64_t left_bytes;
	uint64_t limit_bytes;
	uint64_t got_bytes;
	enum body_use use;
	struct buf body;
	int body_fd;
	bool has_handle; /* the upload has begun */
	bool is_small;	 /* an upload that is kept and handed over at once */

	/* the work */
	struct ask *ask;
	struct child *child;
	bool is_adopted; /* the command answers the client by itself */

	/* the answer */
	int status;
	uint64_t sent_bytes;
	int file_fd;
	off_t file_at;
	int64_t file_left;
};

void exchange_init(struct exchange *x);
/* Everything that it owns; the command is told if need be. */
void exchange_clear(struct conn *c);

/* A head is there: begin. Answers at once what can be answered at once. */
void exchange_begin(struct conn *c, const struct http_request *r);
/* The head was refused: answer and end the connection. */
void exchange_refuse_bytes(struct conn *c, const struct http_refusal *refusal);
/* --- body.c --- */
/*
 * Take bytes of the body from the front of input, which is moved on past
 * them. When it has all come the exchange goes on by itself. May stop in the
 * middle (a command that is slower than the client): conn.state is BUSY then.
 */
void exchange_feed(struct conn *c, struct span *input);
/* Bytes into the file that the upload has opened. 0; -1: answered. */
int exchange_write_body(struct conn *c, struct span piece);
/* Answered early: the rest of the body is read (SKIP_BYTES at most) and dropped. */
void exchange_drop_body(struct conn *c);
/* Is what is left of the body worth reading after an early answer? */
bool exchange_body_is_short(const struct exchange *x);
/* Try to pass on what the command would not take before. False: it still does not. */
bool exchange_pass_on(struct conn *c);
/* The body's deadline has passed. */
void exchange_body_timeout(struct conn *c);

/* Now the client may send its body. */
void exchange_ask_for_body(struct conn *c);
/* All of the body is there, or there is none: to work. */
void exchange_go(struct conn *c);

/* outcome.c: send the head of a stream; what asks.h and children.h report. */
void exchange_begin_stream(struct conn *c);
void exchange_on_answer(struct conn *c, struct span line, int fd);
void exchange_on_lost(struct conn *c, const struct sa_error *err);
void exchange_on_output(struct conn *c, int wait_status, struct span out, struct span errors);

/* "<prefix>-<number>"; out has REQUEST_ID_BYTES. */
enum { REQUEST_ID_BYTES = 40 };
void exchange_id(const struct conn *c, char *out);

#endif
