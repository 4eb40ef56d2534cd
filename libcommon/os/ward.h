/*
 * A program under a guard (os/guard.h) in the loop of its owner, a supervisor. What the guard says,
 * its loss, and the signals that tell the owner to end come to two functions of the owner, which
 * has the states, and a table (states x events) that says what to do.
 *
 * The owner becomes a subreaper, so that what a killed guard watched over falls to it, and ignores
 * SIGPIPE: a program that has ended before we hear of it must not take us along. Each child of the
 * owner is reaped when it ends: nobody else waits for one.
 */
#ifndef SA_OS_WARD_H
#define SA_OS_WARD_H

#include "base/error.h"
#include "os/guard.h"
#include "os/loop.h"

enum {
	WARD_LEFTOVER_MS = 300, /* after the program's end, before what it left gets SIGKILL */
	WARD_KILL_MS = 12000,	/* for the guard to end the tree, before it is ordered to again */
};

/* What can happen: the columns of the owner's table. */
enum ward_event {
	WARD_STARTED = GUARD_STARTED, /* these four with the guard's message */
	WARD_FAILED = GUARD_FAILED,
	WARD_EXITED = GUARD_EXITED,
	WARD_GONE = GUARD_GONE,
	WARD_LOST,     /* the guard itself is gone; once, and nothing comes after it */
	WARD_STOP,     /* the owner's own: somebody wants it to end */
	WARD_DEADLINE, /* the owner's own */
	WARD_EVENT_COUNT,
};

/* message: NULL when the event is not one of the guard's. */
typedef void ward_event_fn(void *owner, enum ward_event event, const struct guard_message *message);
/* A signal has told the owner to end; it may come again. */
typedef void ward_end_fn(void *owner);

struct ward {
	struct loop *loop;
	struct watch guard; /* guard.fd takes guard_terminate() and so on; -1: it is gone */
	struct watch signals;
	ward_event_fn *happen;
	ward_end_fn *end;
	void *owner;
};

#define WARD_INIT ((struct ward){.guard = WATCH_INIT, .signals = WATCH_INIT})

/*
 * Fork the guard, which waits for guard_start(), and watch it and SIGTERM, SIGINT, SIGHUP. The
 * plan's descriptors stay the caller's to close; loop and owner are borrowed for as long as the
 * ward is watched. 0, or -1. The watches end with the owner's process, and then the guard ends the
 * tree.
 */
int ward_fork(struct ward *ward, struct loop *loop, const struct guard_plan *plan,
	      ward_event_fn *happen, ward_end_fn *end, void *owner, struct sa_error *err);

#endif
