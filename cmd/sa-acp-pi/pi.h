/*
 * sa-acp-pi: ACP on standard input and output, one `pi --mode rpc` a session
 * behind it. What it does for each ACP method stands in pi.c.
 */
#ifndef PI_H
#define PI_H

#include "adapter/sessions.h"

/* How many sessions one adapter holds open. */
enum { PI_SESSIONS_MAX = 256 };
/* A closed session's process gets this long to end by itself, then for SIGTERM. */
enum { PI_GRACE_MS = 2000 };
/* Pi must have ended a turn by then after an abort, else it is killed. */
enum { PI_CANCEL_MS = 10000 };

/* What its sessions share; adapter->arg. */
struct pi {
	char *gate; /* path of the extension that asks before tool calls */
	char *gate_folder;
};

extern const struct adapter_agent pi_agent;

/* Serve until the input ends; binary NULL: $PI_ACP_PI_COMMAND, else "pi" on PATH. The exit status,
 * or -1. */
int pi_run(const char *binary, size_t line_bytes, struct sa_error *err);

#endif
