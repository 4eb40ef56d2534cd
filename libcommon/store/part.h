/* Events collected with their bytes, to be imported some hundreds at a time. */
#ifndef SA_STORE_PART_H
#define SA_STORE_PART_H

#include "store/store.h"

#include <stddef.h>

enum { PART_EVENTS = 512, PART_BYTES = 4 << 20 };

struct part {
	struct store *to;	     /* borrowed */
	const struct server *server; /* borrowed; whose events these are */
	struct event events[PART_EVENTS];
	char *bytes[PART_EVENTS];
	size_t count;
	size_t size;
};

/* Copy the event into the part; a full part is written. 0, or -1. */
int part_add(struct part *part, const struct event *event, struct sa_error *err);
/* Write what is there; the part is empty after, also on -1. */
int part_flush(struct part *part, struct sa_error *err);
/* Forget what is there. */
void part_clear(struct part *part);

#endif
