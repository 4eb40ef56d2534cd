/*
 * What becomes of session/cancel. Each rung is in the record; how it ended is
 * _adapter/cancel_settled (sa-events(5)).
 *
 *             | turn ends  | deadline             | agent ends
 *   ----------+------------+----------------------+---------------------------
 *   NONE      | -          | -                    | -
 *   ASKED     | settled:   | SIGINT to the tree,  | settled: agent_ended
 *             | cancelled, | escalated: interrupt |
 *             | ended      | -> INTERRUPTED       |
 *   INTER-    | settled:   | stop the agent,      | settled: restarted, and
 *   RUPTED    | interrupted| escalated: restart   | its sessions are resumed
 *             | -> AFTERM. | -> RESTARTING        |
 *   RESTARTING| -          | - (life.c's turn)    | the same
 *   AFTERMATH | -          | -> NONE              | escalated: restart, and its
 *             |            |                      | sessions are resumed
 *
 * AFTERMATH: the agent may still die of the SIGINT. A new turn ends it.
 *
 * What the agent has asked is answered as cancelled before all that (settle.h). The deadline is
 * --cancel-grace of silence after the last rung, for an agent that talks three times that in all.
 */
#ifndef SA_SUPERVISE_CANCEL_H
#define SA_SUPERVISE_CANCEL_H

#include "acp/envelope.h"
#include "supervisor.h"

/* session/cancel was sent for this session. */
void cancel_note(struct session_track *session);
/* A turn of it has ended with this answer, which is recorded. */
void cancel_turn_ended(struct supervisor *sv, struct session_track *session,
		       const struct envelope *answer);
/* The agent has ended; its sessions are not settled yet. */
void cancel_agent_ended(struct supervisor *sv);
void cancel_tick(struct supervisor *sv, int64_t now);
int64_t cancel_next_deadline(const struct supervisor *sv);
/* We are about to end: have the sessions resumed if a cancel cost them their agent. */
void cancel_restart(struct supervisor *sv);

#endif
