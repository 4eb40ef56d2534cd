/*
 * Claude's own record of its sessions: <config>/projects/<folder>/<uuid>.jsonl,
 * one JSON object a line; <config> is $CLAUDE_CONFIG_DIR, else ~/.claude.
 * Only read, apart from session/delete.
 */
#ifndef CLAUDE_HISTORY_H
#define CLAUDE_HISTORY_H

#include "base/error.h"
#include "json/lines.h"

#include <stdbool.h>

struct session;

/* A record being replayed for session/load. */
struct history {
	int fd;
	bool is_open;
	struct lines lines;
};

/* <config>/projects, or NULL without a home; caller frees. */
char *history_folder(void);
/* Is this a session id as Claude makes them, and hence safe as a file name? */
bool history_is_id(const char *id);
/* The record of a session; NULL when there is none. Caller frees. */
char *history_find(const char *id);

void history_init(struct history *history);
int history_open(struct history *history, const char *path, struct sa_error *err);
static inline bool history_is_open(const struct history *history)
{
	return history->is_open;
}
/* Tell the client the next part of it; closes at its end. */
void history_step(struct history *history, struct session *session);
void history_close(struct history *history); /* may be called twice */

#endif
