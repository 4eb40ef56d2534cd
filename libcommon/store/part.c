#include "store/part.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void part_clear(struct part *part)
{
	for (size_t i = 0; i < part->count; i++)
		free(part->bytes[i]);
	part->count = part->size = 0;
}

int part_flush(struct part *part, struct sa_error *err)
{
	int64_t key;
	const struct store_batch batch = {
	    .server = part->server, .events = part->events, .event_count = part->count};
	int rc = part->count ? store_import(part->to, &batch, &key, err) : 0;
	part_clear(part);
	return rc;
}

static void move_bytes(struct span *span, char **at)
{
	if (!span->p)
		return;
	memcpy(*at, span->p, span->n);
	span->p = *at;
	*at += span->n;
}

int part_add(struct part *part, const struct event *event, struct sa_error *err)
{
	struct event *e = &part->events[part->count];
	size_t size = event->session_id.n + event->answers.n + event->payload.n + event->raw.n;
	char *at = part->bytes[part->count++] = xmalloc(size + 1);
	*e = *event;
	move_bytes(&e->session_id, &at);
	move_bytes(&e->answers, &at);
	move_bytes(&e->payload, &at);
	move_bytes(&e->raw, &at);
	part->size += size;
	return part->count == PART_EVENTS || part->size >= PART_BYTES ? part_flush(part, err) : 0;
}
