/*
 * What answers the agent in a person's place: policies at once, a deadline
 * in the end (sa-policy(5)).
 *
 * Policies of the command line decide together, the strictest wins. One that
 * lies in a session's folder (.sandbox-agent/policy.json) may refuse what
 * they allow, or have it asked; it can grant nothing, because whoever writes
 * in that folder, the agent above all, would grant it to himself.
 */
#ifndef SA_SUPERVISE_JUDGE_H
#define SA_SUPERVISE_JUDGE_H

#include "supervisor.h"

/* Read the policies: those of the options, else SANDBOX_AGENT_POLICY. 0, or -1. */
int judge_init(struct supervisor *sv, struct sa_error *err);
void judge_free(struct supervisor *sv);
/* The options that a resume repeats, an array of words as JSON; the caller frees. */
char *judge_settings(const struct supervisor *sv);

/* This session works in its folder: read the policy there. */
void judge_open_session(struct supervisor *sv, struct session_track *session);
/* A request that was just opened: answer it, or set its deadline. */
void judge_request(struct supervisor *sv, struct ask_track *ask, struct span request);
/* A client has left. */
void judge_note_leaving(struct supervisor *sv, bool was_attached);
/* Answer what nobody has answered in time. */
void judge_tick(struct supervisor *sv);
int64_t judge_next_deadline(const struct supervisor *sv);

#endif
