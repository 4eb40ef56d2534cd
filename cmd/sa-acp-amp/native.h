/* Amp's output lines, one by one, told to the ACP client (its stream-json format). */
#ifndef AMP_NATIVE_H
#define AMP_NATIVE_H

#include "base/span.h"

struct session;

/* A line that is JSON or not; nothing in it is trusted. */
void native_line(struct session *session, struct span line);

#endif
