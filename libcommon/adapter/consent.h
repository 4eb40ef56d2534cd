/*
 * May a tool be used? Asked of the client (ACP session/request_permission)
 * for agents that know a tool by its name only; and which tools a session
 * has been allowed for ever.
 */
#ifndef SA_ADAPTER_CONSENT_H
#define SA_ADAPTER_CONSENT_H

#include "acp/envelope.h"
#include "adapter/session.h"
#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* The names of the tools that one session is allowed for ever, bytes; further ones are asked about
 * again. */
enum { CONSENTS_BYTES = 64 * 1024 };

/* Those names, owned: JSON strings, a line each, behind a newline. */
struct consents {
	struct buf names;
};
#define CONSENTS_INIT ((struct consents){BUF_INIT(CONSENTS_BYTES)})

void consents_add(struct consents *consents, const char *tool);
bool consents_has(const struct consents *consents, const char *tool);
void consents_free(struct consents *consents);

/*
 * Ask about a tool call (its id is a JSON string): the caller adds members
 * of the toolCall between the two. The second one as adapter_ask_close.
 */
struct buf *consent_ask_open(struct adapter_session *base, struct span call_id);
int64_t consent_ask_close(struct adapter_session *base, const char *tool, adapter_answer_fn *fn,
			  void *arg);
/* Does the client's answer allow it? For ever is kept in consents. */
bool consent_read(struct consents *consents, const char *tool, const struct envelope *envelope);

#endif
