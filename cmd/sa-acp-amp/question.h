/*
 * What Amp asks before a tool call, put to the ACP client.
 *
 *            | client allows    | client rejects     | helper leaves | Amp calls again
 *   ---------+------------------+--------------------+---------------+----------------
 *   OPEN     | tell it, gone    | tell it, gone      | OPEN          | it waits here
 *   ... left | ALLOWED          | REJECTED           | -             | it waits here
 *   ALLOWED  | -                | -                  | -             | tell it, gone
 *   REJECTED | -                | -                  | -             | tell it, gone
 *
 * A helper has seconds only (helper.h), a person may take longer. Amp then
 * hears that the answer is still to come, and the model ends its turn. The
 * client's prompt goes on: when everything is answered, Amp is told what was
 * decided and which calls to make again.
 */
#ifndef AMP_QUESTION_H
#define AMP_QUESTION_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct gate_peer;
struct question;
struct session;

/* How many may be open in a session. */
enum { QUESTIONS_MAX = 64 };

/* A line of a helper: {"id":..,"tool":..,"input":..}. */
void question_asked(struct session *session, struct gate_peer *peer, struct span line);
/* Its helper waits no longer. */
void question_left(struct question *question);
/* Does one wait for the client? */
bool question_is_open(const struct session *session);
/* What was decided too late for the helper, as a prompt for Amp. Whether there is any such. */
bool question_tell_late(struct session *session, struct buf *text);
/* All of them are void. */
void question_drop_all(struct session *session);

#endif
