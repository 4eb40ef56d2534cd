/* Pi's tool calls as ACP's. All take JSON objects of Pi's events. */
#ifndef PI_TOOL_H
#define PI_TOOL_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct session;

/* A toolCall {id, name, arguments}: told as pending. */
void tool_called(struct session *session, struct span call);
/* tool_execution_start, _update, _end. */
void tool_started(struct session *session, struct span event);
void tool_updated(struct session *session, struct span event);
void tool_ended(struct session *session, struct span event);
/* A toolResult message of a history. */
void tool_replayed(struct session *session, struct span message);

/* Members kind, title, rawInput, content, locations. name is a JSON string, input an object. */
void tool_write_details(struct buf *b, const struct session *session, struct span name,
			struct span input);
/* Does it only read? Then nobody is asked. */
bool tool_only_reads(struct span name);

#endif
