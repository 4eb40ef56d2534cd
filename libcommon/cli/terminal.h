/* Our terminal while it is the window to another one. */
#ifndef SA_CLI_TERMINAL_H
#define SA_CLI_TERMINAL_H

#include "base/error.h"

#include <stdbool.h>
#include <termios.h>

struct terminal {
	struct termios modes; /* as it was */
	bool is_raw;
};

/* The key that leaves: "^]", "ctrl-a", "x"; "none" is -1. 0, or -1 with err. */
int terminal_parse_key(const char *text, int *ret, struct sa_error *err);
/* Descriptor 0 passes every key on from now on; nothing happens when it is no terminal. */
void terminal_make_raw(struct terminal *terminal);
void terminal_restore(struct terminal *terminal);
/* Its size. False: it has none, or is not raw. */
bool terminal_size(const struct terminal *terminal, int *ret_cols, int *ret_rows);
/* Block SIGWINCH and what ends us; a signalfd for them, the caller's to close. */
int terminal_watch_signals(void);
/* Take what came: *ret_resized, *ret_ended stay unless it did. */
void terminal_take_signals(int fd, bool *ret_resized, bool *ret_ended);

#endif
