/*
 * Prompts: ACP's content blocks as parts that any agent understands, and the
 * queue of a session, which runs one at a time.
 */
#ifndef SA_ADAPTER_PROMPT_H
#define SA_ADAPTER_PROMPT_H

#include "adapter/adapter.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/ident.h"

#include <stdbool.h>

/* How many prompts may wait in a session. */
enum { PROMPT_QUEUE_MAX = 32 };
/* The longest prompt for an agent, bytes: a line, with images as base64. */
#define PROMPT_BYTES ((size_t)128 << 20)

enum prompt_part_kind { PROMPT_TEXT, PROMPT_IMAGE, PROMPT_DOCUMENT };

struct prompt_part {
	enum prompt_part_kind kind;
	struct span text;      /* PROMPT_TEXT: plain bytes, in the caller's scratch buffer */
	struct span mime_type; /* else: JSON strings out of the block */
	struct span data;      /* base64 */
};

/*
 * One ACP content block. Links become "@path" for files, else Markdown;
 * embedded text is put behind its link between <context> tags; embedded
 * PDF files are documents. Other bytes are refused, unless their uri is a
 * file that the agent can read. 0, or -1 with PROBLEM_INVALID_REQUEST.
 */
int prompt_part(struct span block, struct buf *scratch, struct prompt_part *ret,
		struct sa_error *err);

/* Whole prompts as the native agent's JSON: called for each part, in order. 0, or -1. */
typedef int prompt_write_fn(struct buf *b, const struct prompt_part *part, struct sa_error *err);
/* Append "[...]" of what fn writes for each part. -1 when it is empty or no array. */
int prompt_write(struct buf *b, struct span prompt, prompt_write_fn *fn, struct sa_error *err);

/* --- the queue ---------------------------------------------------------------------- */

struct prompt {
	struct prompt *next;
	char *request; /* raw JSON id of session/prompt; NULL when it was a notification */
	char uuid[IDENT_UUID_BYTES];
	struct buf body; /* in the agent's form */
	bool is_sent;
	bool is_cancelled;
};

struct prompts {
	struct prompt *first; /* it runs when it is_sent */
};

/* Append one; takes the content of body over. 0, or -1 when too many wait. */
int prompts_add(struct prompts *prompts, struct span request, struct buf *body,
		struct sa_error *err);
static inline struct prompt *prompts_running(const struct prompts *prompts)
{
	return prompts->first && prompts->first->is_sent ? prompts->first : NULL;
}
/* The next one to send; NULL when there is none or one runs. */
static inline struct prompt *prompts_waiting(const struct prompts *prompts)
{
	return prompts->first && !prompts->first->is_sent ? prompts->first : NULL;
}
/* Answer the first with a stop reason, forget it. */
void prompts_stop(struct prompts *prompts, struct adapter *adapter, const char *stop_reason);
/* Tokens of a turn: input, output, cache read, cache write. */
enum { PROMPT_TOKENS = 4 };
/* Add those of a usage, an object whose counts have these names; at most INT64_MAX. */
void prompt_add_tokens(int64_t tokens[PROMPT_TOKENS], struct span usage,
		       const char *const names[PROMPT_TOKENS]);
/* The member "usage" of an answer. */
void prompt_write_usage(struct buf *b, const int64_t tokens[PROMPT_TOKENS]);
/* prompts_stop with that usage. */
void prompts_stop_usage(struct prompts *prompts, struct adapter *adapter, const char *stop_reason,
			const int64_t tokens[PROMPT_TOKENS]);
/* Answer the first with an error, forget it. */
void prompts_fail(struct prompts *prompts, struct adapter *adapter, int64_t code, const char *why);
/* The running one, if there is any, ends with this error; when it was cancelled as cancelled. */
void prompts_fail_running(struct prompts *prompts, struct adapter *adapter, const char *why);
/* Forget the first, which is answered. */
void prompts_pop(struct prompts *prompts);
/* All that wait end as cancelled; the running one stays. */
void prompts_cancel_waiting(struct prompts *prompts, struct adapter *adapter);
/*
 * $/cancel_request: when request is one that waits, it ends as cancelled.
 * Whether it is the running one (the caller interrupts then).
 */
bool prompts_cancel_request(struct prompts *prompts, struct adapter *adapter, struct span request);
/* Every one ends with this error; one that was cancelled as cancelled. */
void prompts_fail_all(struct prompts *prompts, struct adapter *adapter, const char *why);

#endif
