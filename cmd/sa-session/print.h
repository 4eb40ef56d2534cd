/* Records and words on stdout. */
#ifndef SA_SESSION_PRINT_H
#define SA_SESSION_PRINT_H

#include "base/buf.h"
#include "store/record.h"

/* Write and flush: the next command of a pipeline starts on it. */
void print_buf(const struct buf *b);
/*
 * A session's record. since: the eventIndex before what follows, -1 leaves it
 * out; turns: how many turns end in what follows, 0 leaves it out.
 */
void print_session(const struct session *session, int64_t since, int64_t turns);
/* The same of a session whose prompt waits in its queue. */
void print_queued(const struct session *session, int64_t since, int64_t turns,
		  const char *prompt_id);
/* "label:    text", on one line and without control characters; nothing when text is NULL. */
void print_field(const char *label, const char *text);
void print_number(const char *label, int64_t number);
/* Foreign text for a terminal: control characters become spaces, at most columns bytes. */
void print_add_plain(struct buf *b, struct span text, size_t columns);

#endif
