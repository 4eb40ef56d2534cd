/* Claude's output lines, one by one, told to the ACP client (agents' stream-json protocol). */
#ifndef CLAUDE_NATIVE_H
#define CLAUDE_NATIVE_H

#include "base/span.h"

struct session;

/* A line that is JSON or not; nothing in it is trusted. */
void native_line(struct session *session, struct span line);

#endif
