/* What single agents need of their clients' messages (libcommon/agent/QUIRKS.md). */
#ifndef SA_SESSION_QUIRKS_H
#define SA_SESSION_QUIRKS_H

#include "base/buf.h"

/*
 * pi wants a number for a protocolVersion that many clients send as text
 * ("1.0"), and a list of MCP servers in session/new. Other bytes stay.
 */
void quirks_mend_for_pi(struct buf *message);

#endif
