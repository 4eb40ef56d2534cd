/*
 * OpenCode's events, written as frames: "id: N" (Unix milliseconds, never
 * less than before) and "data: {type,properties}".
 */
#ifndef SA_OPENCODE_TELL_H
#define SA_OPENCODE_TELL_H

#include "base/buf.h"
#include "store/record.h"
#include "thread.h"

#include <stdbool.h>
#include <stdint.h>

struct teller {
	struct buf out;
	int64_t id;	 /* of the last frame */
	bool is_mute;	 /* take note, say nothing */
	bool is_global;	 /* "payload" and "directory" beside the rest */
	bool has_no_ids; /* frames of the render verb: bare lines of JSON */
	const char *directory;
};

/* properties: JSON. at_ms 0: without an id. */
void tell(struct teller *teller, const char *type, struct span properties, int64_t at_ms);
void tell_session(struct teller *teller, const char *type, const struct session *session);
void tell_status(struct teller *teller, const char *session_id, const char *status, int64_t at_ms);
/* What has changed in a thread; then nothing is changed any more. */
void tell_thread(struct teller *teller, struct thread *thread, int64_t at_ms);
/* Take a record and tell it, so that pieces of text that come together are told together. */
void tell_record(struct teller *teller, struct thread *thread, const struct event *event);

#endif
