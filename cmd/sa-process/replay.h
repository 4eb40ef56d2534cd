/*
 * Old output of a terminal on its way to a new one. What it shows is shown
 * again; but sequences that ask the terminal something (where is the
 * cursor? what are you?) were answered long ago, and a second answer would
 * be typed into the program. They are taken out (ECMA-48, xterm's control
 * sequences: DSR, DA, DECRQM, DECRQSS, window reports, OSC queries, ENQ).
 * At the end margins are taken back: a terminal whose size changes does that
 * by itself, but our sizes are not in the output.
 */
#ifndef SA_PROCESS_REPLAY_H
#define SA_PROCESS_REPLAY_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

/* A longer sequence is no query, and is passed on as it is. */
enum { REPLAY_HELD_MAX = 256 };

enum replay_state {
	REPLAY_TEXT,
	REPLAY_ESCAPE, /* after ESC */
	REPLAY_CSI,    /* after ESC [ */
	REPLAY_STRING, /* after ESC ] or ESC P */
	REPLAY_STRING_ESCAPE,
	REPLAY_LONG, /* a string that is passed on until its end */
	REPLAY_LONG_ESCAPE,
};

struct replay {
	enum replay_state state;
	char held[REPLAY_HELD_MAX]; /* the sequence so far, from its ESC */
	size_t held_len;
	/* A program drew on the whole screen: it set margins, or used the alternate one. What it
	 * drew was for the terminal's size of that moment. */
	bool is_fullscreen;
};
#define REPLAY_INIT ((struct replay){.state = REPLAY_TEXT})

/* Append what is to be shown of data. */
void replay_add(struct replay *r, struct span data, struct buf *out);
/* At the end of what is old: the start of a sequence whose end is still to come. */
void replay_end(struct replay *r, struct buf *out);

#endif
