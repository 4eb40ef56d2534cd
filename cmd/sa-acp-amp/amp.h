/*
 * sa-acp-amp: ACP on standard input and output, `amp -x --stream-json` for
 * each session behind it. A session is a thread of Amp, made by
 * `amp threads new`; its process is started by the first prompt.
 */
#ifndef AMP_H
#define AMP_H

#include "adapter/sessions.h"

/* How many sessions one adapter holds open. */
enum { AMP_SESSIONS_MAX = 256 };
/* A closed session's process gets this long to end by itself, then for SIGTERM. */
enum { AMP_GRACE_MS = 2000 };
/* Amp must have ended by then after SIGINT, else it is killed. */
enum { AMP_CANCEL_MS = 5000 };
/* So often Amp is started for one prompt: once more when it ended before it said anything about it. */
enum { AMP_STARTS_MAX = 2 };

extern const struct adapter_agent amp_agent;

/* Serve until the input ends; binary NULL: $AMP_PATH, else "amp" on PATH. The exit status, or -1.
 */
int amp_run(const char *binary, size_t line_bytes, struct sa_error *err);

#endif
