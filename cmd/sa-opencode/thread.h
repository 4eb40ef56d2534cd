/*
 * A session's event records as OpenCode messages. Pure: records in, a model
 * out; thread_json.c writes it. One turn is two messages:
 *
 *   session/prompt (client)      user message, its parts; assistant message, open
 *   session/update (agent)       text, reasoning and tool parts of the open one; todos
 *   its response                 the assistant message is complete, or has failed
 *   a request of the agent       a permission or a question; open until it is answered
 *
 * What has changed since the last look is marked, so that a stream tells it.
 */
#ifndef SA_OPENCODE_THREAD_H
#define SA_OPENCODE_THREAD_H

#include "base/buf.h"
#include "base/span.h"
#include "store/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PART_TEXT_BYTES = 64 << 20, /* of one part; what comes after is left out */
	ASK_ID_BYTES = 96,
};

enum part_kind { PART_TEXT, PART_REASONING, PART_TOOL, PART_FILE };

/* A tool call as its updates have left it. Strings are owned JSON values; NULL: never told. */
struct tool {
	char *call_id; /* text */
	char *title;
	char *kind;
	char *status;
	char *input;
	char *output;
	char *content;
	char *locations;
};

struct part {
	enum part_kind kind;
	char *id;
	int64_t start_ms;
	int64_t end_ms;
	struct buf text; /* of text and reasoning; a file's URL */
	char *mime;	 /* of a file */
	char *filename;	 /* of a file; or NULL */
	struct tool tool;
	bool is_changed;
};

struct message {
	bool is_user;
	bool is_open; /* an assistant that is still at work */
	bool is_changed;
	char *id;
	char *parent_id;
	char *provider_id;
	char *model_id;
	char *mode;
	int64_t created_ms;
	int64_t completed_ms;
	const char *finish; /* NULL: not yet, or failed */
	const char *error_name;
	char *error_text;
	int64_t input_tokens, output_tokens, reasoning_tokens, read_tokens, write_tokens;
	double cost;
	struct part *parts;
	size_t part_count;
};

/* A request of the agent that somebody has to answer. */
struct thread_ask {
	int64_t index;
	char *rpc_id;
	char *payload;
	char *reply; /* once, always, reject; of a question the answer as JSON; NULL: open */
	bool is_question;
	bool is_told;	 /* on the stream */
	bool is_settled; /* to be told, then forgotten */
};

struct thread {
	char *session_id;
	char *server_uid; /* in the ids of parts and asks */
	char *directory;
	char *agent;	/* the provider when nothing else is said */
	char *model_id; /* likewise */
	struct message *messages;
	size_t count;
	struct thread_ask *asks;
	size_t ask_count;
	char *todos; /* JSON array of OpenCode's todos; NULL: none were told */
	double cost; /* of the whole session, as the agent counts it */
	bool has_todos_changed;
	bool is_busy; /* a turn is under way */
};

/* All strings are copied. */
void thread_init(struct thread *thread, const struct session *session, const char *server_uid);
void thread_free(struct thread *thread);
/* Forget the messages that are complete, keep the rest: for a stream that has told them. */
void thread_forget(struct thread *thread);

/* Take one record of this session, in order. */
void thread_add(struct thread *thread, const struct event *event);
/* Is it a piece of text or thought? Many of them may be told as one. */
bool thread_is_chunk(const struct event *event);
/* The agent is gone: what is open ends with these words. */
void thread_interrupt(struct thread *thread, const char *why, int64_t at_ms);
/* NULL when there is none of that id. */
const struct message *thread_find(const struct thread *thread, const char *id);

#endif
