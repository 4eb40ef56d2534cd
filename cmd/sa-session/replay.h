/*
 * What happened in a session, as text for an agent that does not know it: the
 * newest envelopes, one JSON object a line under a line of explanation, in the
 * form that the reference's SDK gives to agents. Pieces of one message are
 * joined, what says nothing about the conversation is left out, and of the
 * rest the newest stay.
 */
#ifndef SA_SESSION_REPLAY_H
#define SA_SESSION_REPLAY_H

#include "store/store.h"

enum {
	REPLAY_EVENTS = 50,	  /* --replay-max-events, when it is not given */
	REPLAY_CHARS = 12000,	  /* --replay-max-chars likewise */
	REPLAY_CHARS_MIN = 1000,
	REPLAY_EVENTS_MAX = 10000,
	REPLAY_CHARS_MAX = 250000, /* four bytes each stay below what a supervisor takes */
	REPLAY_PARENTS_MAX = 16,  /* forks of forks that are followed back */
};

struct replay_limits {
	int64_t max_events; /* 0: REPLAY_EVENTS */
	int64_t max_chars;  /* 0: REPLAY_CHARS */
};

struct replay {
	char *text;	   /* NULL: there is nothing to tell; owned */
	int64_t events;	   /* envelopes in it */
	int64_t chars;	   /* code points */
	bool is_truncated; /* older ones are missing, or long ones are cut */
};
void replay_clear(struct replay *replay);
#define cleanup_replay __attribute__((cleanup(replay_clear)))

/* The session's past up to event at (of its server; 0: all), and its parent's before. 0, or -1. */
int replay_read(struct store *store, const struct server *server, const struct session *session,
		int64_t at, const struct replay_limits *limits, struct replay *ret,
		struct sa_error *err);
/* Has the agent's session been told its past by a transcript that no prompt has delivered yet? */
int replay_is_pending(struct store *store, const struct server *server,
		      const struct session *session, bool *ret, struct sa_error *err);

#endif
