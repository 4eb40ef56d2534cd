/*
 * A turn: one prompt whose script is being carried out, or one session/load
 * whose history is being replayed. Turns of a session run one after the other.
 */
#ifndef MOCK_TURN_H
#define MOCK_TURN_H

#include "agent.h"
#include "script.h"

#include <sys/types.h>

/* What a directive's step says. */
enum step {
	STEP_AGAIN, /* call me again */
	STEP_DONE,  /* on to the next directive */
	STEP_WAIT,  /* nothing to do until time, an answer or a child comes */
	STEP_END,   /* the turn is over: stop_reason or error is set */
};

struct directive;

struct turn {
	struct turn *next;
	struct agent *agent;
	struct session *session;
	char *id; /* raw JSON, NULL when it came as a notification */
	struct script script;
	bool is_load; /* answer with the session's settings, ignore cancel */

	/* Of the directive that runs; cleared before each. */
	const struct directive *directive;
	struct span args;
	uint64_t at;	/* how often it said STEP_AGAIN */
	uint64_t count; /* N of its arguments */
	int64_t wake;	/* monotonic deadline, DEADLINE_NEVER otherwise */
	int64_t request_id;
	bool is_asking;
	char *answer; /* the raw response, owned; NULL until it came */
	char tool_id[32];
	pid_t child;  /* of exec, 0 = none */
	int child_fd; /* its output, -1 = none */
	int child_status;
	bool is_child_done;
	struct buf text;
	struct store_reader reader;

	/* Of the whole turn. */
	const char *blocks; /* kinds of the prompt's blocks, "text image" (owned) */
	bool ignores_cancel;
	bool answers_twice;
	uint64_t late_updates;
	uint64_t input_tokens, output_tokens; /* told with the answer, if there are any */
	const char *stop_reason;
	int64_t error_code; /* not 0: answered with an error */
	char *error_text;   /* owned */
};

enum turn_state {
	TURN_READY,   /* could go on as soon as there is room in the output */
	TURN_WAITING, /* for time, an answer or a child */
	TURN_OVER,    /* answered, out of the queue and freed */
};

/* Queue a turn. id and blocks are copied, text is taken over (NULL for a load). */
struct turn *turn_queue(struct agent *agent, struct session *session, struct span id, char *text,
			const char *blocks);
/* Carry on with a session's first turn. */
enum turn_state turn_run(struct turn *turn);
/* session/cancel: "cancelled" at once, unless it ignores that or is a load. */
void turn_cancel(struct turn *turn);
/* $/cancel_request: the same with the error -32800. */
void turn_cancel_request(struct turn *turn);
/* The session closes: as turn_cancel, but nothing resists. */
void turn_abort(struct turn *turn);
/* Without any answer: the process ends. */
void turn_free(struct turn *turn);

/* For directives: end the turn. Each returns STEP_END. */
enum step turn_stop(struct turn *turn, const char *stop_reason);
enum step turn_fail(struct turn *turn, int64_t code, struct span text);

#endif
