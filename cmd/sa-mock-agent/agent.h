/* The agent process: its input, output, sessions and event loop. */
#ifndef MOCK_AGENT_H
#define MOCK_AGENT_H

#include "base/error.h"
#include "out.h"
#include "session.h"
#include "store.h"

#include <stdbool.h>
#include <stdint.h>

/* Requests of ours that wait for an answer; beyond that the oldest is given up. */
enum { AGENT_ASKED_MAX = 256 };
/* Whatever hostile thing was asked for, its processes end by themselves after this. */
enum { AGENT_LIFE_S = 300 };
/* The longest input line: 64 MiB and some room for the envelope. */
#define AGENT_LINE_MAX (LINES_LIMIT_DEFAULT + ((size_t)1 << 20))

/* A request of ours; turn is NULL when nobody waits for the answer any more. */
struct asked {
	int64_t id;
	struct turn *turn;
};

struct agent {
	struct out out;
	struct store store;
	struct session *sessions; /* in the order of their arrival */
	size_t session_count;
	struct asked asked[AGENT_ASKED_MAX];
	size_t asked_count;
	int64_t next_request_id; /* from 0 */
	unsigned abilities; /* enum ability */
	bool needs_auth;
	bool is_authenticated;
	bool is_stubborn;     /* ignore-term: neither SIGTERM nor end of input ends it */
	bool is_deaf;	      /* stop-reading */
	bool is_ended;	      /* input has ended */
	bool is_store_broken; /* told on stderr already */
	uint64_t die_after;   /* updates left, 0 = for ever */
	int die_status;
};

/* What can be left out of session handling; the names are in methods.c. */
enum ability {
	ABILITY_ALWAYS,
	ABILITY_LOAD = 1 << 0,
	ABILITY_LIST = 1 << 1,
	ABILITY_RESUME = 1 << 2,
	ABILITY_CLOSE = 1 << 3,
	ABILITY_DELETE = 1 << 4,
	ABILITY_FORK = 1 << 5,
	ABILITIES_DEFAULT = ABILITY_FORK - 1,
};

struct agent_options {
	const char *state_dir; /* NULL: by environment */
	bool is_stateless;
	const char *prompt; /* run this one and end, or NULL */
	unsigned abilities; /* enum ability */
};

/* Serve standard input until it ends. The exit status, or -1 with err filled. */
int agent_run(const struct agent_options *options, struct sa_error *err);

struct session *agent_session(struct agent *agent, const char *id);   /* NULL: not open */
void agent_add_session(struct agent *agent, struct session *session); /* takes it over */
/* Out of memory (its turns must be gone); the store keeps it. */
void agent_drop_session(struct agent *agent, struct session *session);

/* Note that turn waits for the answer to request id, or that it no longer does. */
void agent_ask(struct agent *agent, int64_t id, struct turn *turn);
void agent_forget(struct agent *agent, const struct turn *turn);
/* Was this id asked? Then ret_turn is who waits for it (or NULL), and it is asked no more. */
bool agent_take_asked(struct agent *agent, int64_t id, struct turn **ret_turn);

/* Save, write out what is queued, and end at once. */
void agent_die(struct agent *agent, int status) __attribute__((noreturn));
/* Save and write out what is queued, for a second at most. */
void agent_settle(struct agent *agent);

#endif
