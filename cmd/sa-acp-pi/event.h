/* Pi's output lines, one by one, told to the ACP client (Pi's rpc mode). */
#ifndef PI_EVENT_H
#define PI_EVENT_H

#include "base/span.h"

struct session;

/* A line that is JSON or not; nothing in it is trusted. */
void event_line(struct session *session, struct span line);
/* The messages of a session, told as history. */
void event_replay(struct session *session, struct span messages);
/* Pi's slash commands: kept until the session is open, then told. */
void event_keep_commands(struct session *session, struct span commands);
void event_tell_commands(struct session *session);

#endif
