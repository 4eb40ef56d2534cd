/*
 * sa-acp-codex: ACP on standard input and output, one `codex app-server`
 * behind it for all sessions (Codex calls them threads). What it does for
 * each ACP method stands in codex.c.
 */
#ifndef CODEX_H
#define CODEX_H

#include "adapter/sessions.h"
#include "server.h"

/* How many sessions one adapter holds open. */
enum { CODEX_SESSIONS_MAX = 1024 };
/* The app-server gets this long to end by itself, then for SIGTERM. */
enum { CODEX_GRACE_MS = 2000 };
/* A turn that has not ended by then after an interrupt is given up. */
enum { CODEX_CANCEL_MS = 10000 };

struct codex {
	struct adapter adapter;
	struct server server;
	struct buf models; /* of model/list, a raw JSON array */
	bool has_models;   /* it was answered, well or not */
	bool has_sandbox;  /* Codex's sandbox can work here */
};

extern const struct adapter_agent codex_agent;

/* Serve until the input ends; binary NULL: $CODEX_PATH, else "codex" on PATH. The exit status, or
 * -1. */
int codex_run(const char *binary, size_t line_bytes, struct sa_error *err);

#endif
