/*
 * What an agent asks of its client's machine: fs/read_text_file,
 * fs/write_text_file, terminal/... (ACP "File System", "Terminals"). The
 * supervisor does it itself when the client that initialized the agent said
 * so (the op's "hosts": it has promised these capabilities in our name);
 * otherwise they are requests like any other, for clients to answer.
 *
 * Files lie beneath the session's working folder, whatever links there are,
 * unless --reach any. Terminals are managed processes (owner "agent",
 * sa-process list shows them) that end with the session, and with us.
 */
#ifndef SA_SUPERVISE_HOST_H
#define SA_SUPERVISE_HOST_H

#include "acp/envelope.h"
#include "supervisor.h"

enum {
	HOST_FILE_BYTES = 16 << 20,  /* greatest file read or written */
	HOST_TERMINALS_MAX = 64,     /* of one agent, not released */
	HOST_WAITERS_MAX = 256,	     /* terminal/wait_for_exit that are not answered */
	HOST_OUTPUT_BYTES = 1 << 20, /* of terminal/output when the agent sets no limit */
	HOST_OUTPUT_BYTES_MAX = 16 << 20, /* ... and when it sets a greater one */
};

enum host_error {
	HOST_NOT_FOUND = -32002,
	HOST_INVALID_PARAMS = -32602,
	HOST_INTERNAL_ERROR = -32603,
};

/* A client initializes the agent: does it leave these requests to us? */
void host_learn(struct supervisor *sv, bool is_hosting);
/* Is this request of the agent ours to answer? */
bool host_takes(const struct supervisor *sv, const struct envelope *request);
/* Do it; the answer goes out at once or later. */
void host_do(struct supervisor *sv, const struct envelope *request, struct session_track *session);
/* Its terminals end. */
void host_session_over(struct supervisor *sv, const struct session_track *session);
/* All end: the agent is gone. */
void host_end(struct supervisor *sv);
void host_free(struct supervisor *sv);

/* For the parts: answer the request with this id (JSON). */
void host_result(struct supervisor *sv, const struct session_track *session, const char *method,
		 struct span id, struct span result);
void host_problem(struct supervisor *sv, const struct session_track *session, const char *method,
		  struct span id, const struct sa_error *err);

/* A member that may be absent or null, which leaves *ret: a whole number from 0. 0, or -1. */
int host_number(struct span params, const char *name, int64_t *ret, struct sa_error *err);
/* fs/...: result is appended. 0, or -1. */
int host_read_file(struct supervisor *sv, const char *root, struct span params, struct buf *result,
		   struct sa_error *err);
int host_write_file(struct supervisor *sv, const char *root, struct span params,
		    struct sa_error *err);
/* The folder that a session's files and terminals are confined to. */
const char *host_root(const struct supervisor *sv, const struct session_track *session);
/* A path as it lies beneath root; NULL with err when it does not, or is not absolute. */
const char *host_inside(const struct supervisor *sv, const char *root, const char *path,
			struct sa_error *err);

/* terminal/...: the whole request. */
void host_terminal(struct supervisor *sv, const struct envelope *request,
		   struct session_track *session);

#endif
