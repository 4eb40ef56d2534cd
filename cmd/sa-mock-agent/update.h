/* ACP session/update notifications, and their copy for the history. */
#ifndef MOCK_UPDATE_H
#define MOCK_UPDATE_H

#include "agent.h"

/*
 * Write one update: open, add members to the buffer that it yields, close.
 * is_kept puts it into the session's history, which session/load replays.
 * Nothing else may be written in between.
 */
struct update {
	struct agent *agent;
	struct session *session;
	size_t start; /* of the update object in the output queue */
};
struct buf *update_open(struct update *update, struct agent *agent, struct session *session,
			const char *kind);
void update_close(struct update *update, bool is_kept);

/* A kept chunk: kind is agent_message_chunk, agent_thought_chunk, ... */
void update_text(struct agent *agent, struct session *session, const char *kind, struct span text);
/* The same as agent_message_chunk with a format. */
void update_textf(struct agent *agent, struct session *session, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A chunk with any content block, not kept (replay). */
void update_block(struct agent *agent, struct session *session, const char *kind,
		  struct span block);
/* A whole update object as it is. */
void update_raw(struct agent *agent, struct session *session, struct span update, bool is_kept);

void update_mode(struct agent *agent, struct session *session);
void update_options(struct agent *agent, struct session *session);

/* "content":{"type":"text","text":TEXT} */
void update_content(struct buf *b, struct span text);

/* An update went into the queue: die-after counts it. */
void update_counted(struct agent *agent);

#endif
