/*
 * Run a plan and tell of it as server-sent events on standard output:
 *
 *   event: stdout   data: {"data":"<base64>"}
 *   event: stderr   data: {"data":"<base64>"}
 *   event: exit     data: {"exitStatus":N} or {"signal":N}, the last one
 *
 * Nothing is dropped: a reader that is slow slows the command down. When the
 * reader leaves, the command gets SIGTERM.
 */
#ifndef SA_RELAY_H
#define SA_RELAY_H

#include "plan.h"

enum { RELAY_SILENCE_MS = 15000 }; /* after which a comment keeps the connection alive */

/*
 * A plan whose input is ours: all of its output in one object at the end,
 * {"stdout":"<base64>","stderr":"<base64>","exitStatus":N}.
 */
enum { RELAY_OUTPUT_BYTES = 16 << 20 }; /* of each; what is more is dropped, and that is told */

/* Exit status, or -1. */
int relay_run(const struct plan *plan, struct sa_error *err);

#endif
