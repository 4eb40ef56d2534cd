/*
 * The native agent behind an adapter: a process with JSON lines on stdin and
 * stdout, its stderr passed on and its last part kept for error messages.
 * It dies with the adapter (PR_SET_PDEATHSIG). When it is killed, what it has
 * started is killed, too, also what has left its tree: known by a variable
 * (CHILD_TAG) in its environment.
 *
 *   RUNNING --exit--> (rest of its output is read) --> on_exit --> OVER
 *   RUNNING --child_stop--> STOPPING: stdin closed; after the grace SIGTERM,
 *           after another one SIGKILL, to it and all its descendants
 */
#ifndef SA_ADAPTER_CHILD_H
#define SA_ADAPTER_CHILD_H

#include "adapter/wire.h"
#include "base/error.h"
#include "os/spawn.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How much of the end of stderr is kept, bytes. */
enum { CHILD_STDERR_BYTES = 4096 };

#define CHILD_TAG "SA_ADAPTER_CHILD"

enum child_state { CHILD_NONE, CHILD_RUNNING, CHILD_STOPPING, CHILD_OVER };

struct child {
	struct wire wire;
	struct watch err;
	struct watch exit; /* a pidfd */
	struct loop *loop;
	enum child_state state;
	pid_t pid;
	char *tag; /* CHILD_TAG's value */
	int status;	 /* wait status, once OVER */
	int signal_sent; /* the last one of child_stop, 0: none */
	int64_t grace_ms;
	int64_t deadline; /* of the next step of child_stop */
	struct buf stderr_tail;
	void (*on_exit)(void *arg); /* last of all events; may free the child's owner */
	void *arg;
};

/* Nothing runs yet. */
void child_init(struct child *child);
/*
 * Start spawn's program; its fds 0 to 2 are set here, further ones are the
 * caller's. events and arg go to the wire. 0, or -1 as spawn_start.
 */
int child_start(struct child *child, struct loop *loop, struct spawn *spawn, size_t line_bytes,
		const struct wire_events *events, void (*on_exit)(void *arg), void *arg,
		struct sa_error *err);
static inline bool child_is_alive(const struct child *child)
{
	return child->state == CHILD_RUNNING || child->state == CHILD_STOPPING;
}
/* Ask it to end: see the table above. grace_ms 0: SIGKILL at once. */
void child_stop(struct child *child, int64_t grace_ms);
/* Do what is due of that; call it after each turn of the loop. Its next deadline. */
int64_t child_tick(struct child *child);
/* SIGKILL it and its descendants, wait, forget everything. May be called twice. */
void child_free(struct child *child);

/* "exited with status 1: last line of stderr", caller frees. */
char *child_how_it_ended(const struct child *child);
/* The last line on stderr that is not empty, borrowed; n == 0 when there is none. */
struct span child_last_words(const struct child *child);

#endif
