/*
 * The program that Amp's rule "delegate" runs for a tool call: sa-acp-amp
 * under the name GATE_HELPER, a link in the gate's folder. It carries the
 * question to the adapter and the answer back, by its exit status.
 */
#ifndef AMP_HELPER_H
#define AMP_HELPER_H

#include <stdbool.h>

/* How long it waits for an answer; Amp gives it 10 s. SA_ACP_AMP_WAIT_MS sets another time. */
enum { HELPER_WAIT_MS = 8000, HELPER_WAIT_MAX_MS = 60000 };

/* Was this program started as the helper? */
bool helper_is(const char *name);
/* The exit status: 0 the call is allowed, 2 it is not, with the reason on stderr. */
int helper_run(const char *name);

#endif
