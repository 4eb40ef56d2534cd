/* Sessions in memory, their settings, and their way to and from the store. */
#ifndef MOCK_SESSION_H
#define MOCK_SESSION_H

#include "base/buf.h"
#include "base/error.h"
#include "store.h"

struct turn;

/* How many sessions one process holds open, and turns one session queues. */
enum { SESSIONS_MAX = 4096, SESSION_TURNS_MAX = 256 };

/* What can be set; each has a fixed list of values. */
enum setting { SETTING_MODE, SETTING_MODEL, SETTING_THOUGHT_LEVEL, SETTING_COUNT };

struct session {
	struct session *next;
	char id[STORE_ID_BYTES];
	char *cwd;   /* owned */
	char *title; /* owned, or NULL */
	const char *settings[SETTING_COUNT];
	uint64_t tool_count; /* tool calls so far: ids are "call-1", ... */
	struct buf unsaved;  /* records not in the store yet */
	struct turn *turns;  /* the first one runs, the others wait */
	int64_t updated_ms;  /* from the store, when read from there */
};

/* A new session in the store; NULL with err filled. */
struct session *session_create(struct store *store, const char *cwd, struct sa_error *err);
/* A new one with the story of another, whose records are saved; NULL with err filled. */
struct session *session_fork(struct store *store, const struct session *from, const char *cwd,
			     struct sa_error *err);
/* One out of the store; NULL when it is not there. */
struct session *session_restore(struct store *store, const char *id);
void session_free(struct session *session); /* NULL allowed; turns must be gone */

/* The option id of a setting ("mode", "model", "thought_level"). */
const char *setting_name(enum setting setting);
/* SETTING_COUNT when no setting has that name. */
enum setting setting_by_name(const char *name);
/* 0; -1 when value is not in the setting's list. Recorded for the store. */
int session_set(struct session *session, enum setting setting, const char *value);
void session_set_cwd(struct session *session, const char *cwd);

/* JSON members: "modes":{...},"configOptions":[...] and the latter alone. */
void session_write_setup(struct buf *b, const struct session *session);
void session_write_options(struct buf *b, const struct session *session);

/* Append the unsaved records. 0, or -1. */
int session_save(struct session *session, struct store *store, struct sa_error *err);

#endif
