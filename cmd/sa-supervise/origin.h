/*
 * Sessions that have a past: resumed ones and forks. What the agent itself
 * cannot bring back it is told in words, a primer before the next prompt; and
 * the record gets an event of its own that says which way it went:
 *
 *   _adapter/session_resumed {"sessionId":A,"via":"resume"|"load"|"transcript",...}
 *   _adapter/session_forked  {"sessionId":A,"via":"fork"|"transcript",
 *                             "parentId":S,"parentIndex":N,...}
 *
 * with the members of "about" in case of a transcript. sa-events(5).
 */
#ifndef SA_SUPERVISE_ORIGIN_H
#define SA_SUPERVISE_ORIGIN_H

#include "acp/envelope.h"
#include "supervisor.h"

/* Out of an op's members (JSON values, or none). 0; -1 when one is of the wrong kind or too large;
 * then there is nothing to clear. */
int origin_read(struct span primer, struct span about, struct span parent_id,
		struct span parent_index, struct origin *ret, struct sa_error *err);
void origin_copy(const struct origin *origin, struct origin *ret);
void origin_clear(struct origin *origin);

/* How things stood before the answer to call was learnt. */
struct origin_past {
	bool was_over; /* the session is there, and was over */
	struct session_track *parent;
};
struct origin_past origin_look(struct supervisor *sv, const struct call *call);
/* The answer is recorded, and it was a success: note and tell where call->session comes from. */
void origin_settle(struct supervisor *sv, struct call *call, const struct origin_past *past);

/* The session/prompt request e with primer as a text block before its own. 0; -1: it has no
 * array of blocks. */
int origin_add_primed(struct buf *b, const struct envelope *e, struct span primer);
/* A prompt came through: the agent knows the past now. */
void origin_forget_primer(struct session_track *session);

#endif
