/* What the app-server says by itself: notifications and requests, each to its session. */
#ifndef CODEX_NOTES_H
#define CODEX_NOTES_H

#include "acp/envelope.h"

struct codex;

void notes_notification(struct codex *codex, const struct envelope *envelope);
void notes_request(struct codex *codex, const struct envelope *envelope);

#endif
