/* A thread's pieces as OpenCode's JSON. Each appends one value, or one object's members. */
#ifndef SA_OPENCODE_THREAD_JSON_H
#define SA_OPENCODE_THREAD_JSON_H

#include "base/buf.h"
#include "thread.h"

/* {"id":...,"role":...}: UserMessage or AssistantMessage. */
void message_add_info(struct buf *b, const struct thread *thread, const struct message *message);
void part_add_json(struct buf *b, const struct thread *thread, const struct message *message,
		   const struct part *part);
/* {"info":...,"parts":[...]} */
void message_add_json(struct buf *b, const struct thread *thread, const struct message *message);
/* All messages: an array. limit: the newest ones only; 0: all. */
void thread_add_messages(struct buf *b, const struct thread *thread, int64_t limit);
/* {"name":...,"data":{"message":...}} */
void message_add_error(struct buf *b, const struct message *message);

/* PermissionRequest or QuestionRequest. ask.h makes them. */
void thread_add_ask(struct buf *b, const struct thread *thread, const struct thread_ask *ask);

#endif
