/*
 * A program that is asked before people are (--on-ask CMD, else SANDBOX_AGENT_ON_ASK): for bots
 * that ask a person elsewhere, or another model. It runs once for each request that policies leave
 * open, in the session's folder, reads the request as one line of JSON (a record of
 * "sa-session pending", with cwd) and prints its decision as JSON (policy/answer.h). The request
 * is open meanwhile: whoever answers first wins, and the program is ended then, tree and all.
 *
 *   WAITING   -> committed, and fewer than HOOKS_MAX run: start    -> RUNNING
 *   RUNNING   -> it ended with status 0 and a decision: answered by "hook"
 *             -> it ended with status 0 and printed nothing, or "ask": left to people
 *             -> anything else, or its time is over: _adapter/hook_failed, left to people
 *   either    -> the request is settled otherwise: ended, nothing is recorded
 */
#ifndef SA_SUPERVISE_HOOK_H
#define SA_SUPERVISE_HOOK_H

#include "supervisor.h"

enum {
	HOOKS_MAX = 8,		     /* at once; others wait */
	HOOK_OUTPUT_BYTES = 1 << 20, /* of a decision */
	HOOK_TIMEOUT_MS = 300000,
};

/* Read the options, find the program. 0, or -1. */
int hook_init(struct supervisor *sv, struct sa_error *err);
void hook_free(struct supervisor *sv);
/* The command as a resume has to say it; NULL: none, or not by option. */
const char *hook_command(const struct supervisor *sv);

/* Nobody has decided this request (JSON-RPC) yet: ask the program, if there is one. */
void hook_ask(struct supervisor *sv, struct ask_track *ask, struct span request);
/* Start what is committed, end what is settled or late. After each commit. */
void hook_tick(struct supervisor *sv);
int64_t hook_next_deadline(const struct supervisor *sv);

#endif
