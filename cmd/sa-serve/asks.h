/*
 * Commands that run as filters, and the requests that they are working on.
 * One is started when the first request needs it and kept; when it dies, all
 * that waited for it are told (502) and the next request starts it again.
 */
#ifndef SA_SERVE_ASKS_H
#define SA_SERVE_ASKS_H

#include "base/error.h"
#include "conn.h"

enum ask_stage {
	ASK_WHOLE,  /* the route's op */
	ASK_BEGIN,  /* OP.begin of an upload */
	ASK_COMMIT, /* OP.commit */
};

void asks_init(struct front *front);
void asks_free(struct front *front);
/* Forget filters that have ended; at the end of an iteration. */
void asks_sweep(struct front *front);

/* Send the exchange's request to its command; the answer comes by
 * exchange_on_answer(), or exchange_on_lost(). 0, or -1 at once. */
int asks_send(struct conn *c, enum ask_stage stage, struct sa_error *err);
/* Can its command be handed one more descriptor? */
bool asks_take_fd(struct conn *c);
/* The client has left. */
void asks_forget(struct conn *c);
/* An upload is given up after its begin was answered. */
void asks_abort(struct conn *c);
/*
 * A long request (ACP messages, prompts) gives its command a key to the
 * client's connection: {"op":"adopt","params":{"of":R,"keepAlive":BOOL,
 * "minor":0|1},"headers":{...},"fd":true}. From then on the command writes
 * the HTTP answer itself and tells {"ref":R,"status":N,"sent":BYTES}. So the
 * client gets its answer even when this process is gone by then.
 */
void asks_adopt(struct conn *c);

/* Tell all kept commands to end what they started. */
void asks_shut_down(struct front *front);
/* Has each of them answered that, or ended? */
bool asks_are_over(const struct front *front);

#endif
