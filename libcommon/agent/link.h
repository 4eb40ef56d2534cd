/*
 * A client's connection to a supervisor (the lines are described in
 * cmd/sa-supervise/clients.h): write ops, read typed lines and event records.
 */
#ifndef SA_AGENT_LINK_H
#define SA_AGENT_LINK_H

#include "base/buf.h"
#include "base/error.h"
#include "store/store.h"
#include "json/lines.h"

#include <stdbool.h>
#include <stdint.h>

struct link {
	int fd;
	struct lines lines;
	char *chunk; /* what the last read brought; lines may point into it */
	bool is_at_end;
	bool has_rest; /* lines holds unread ones */
	int64_t next_ref;
};

#define LINK_INIT ((struct link){.fd = -1})

/* Connect to the supervisor of server. 0; -1 with PROBLEM_STREAM_ERROR when nobody is there. */
int link_open(struct link *link, const struct server *server, struct sa_error *err);
void link_close(struct link *link);
#define cleanup_link __attribute__((cleanup(link_close)))

/* Write one op (JSON, over several lines or not); the newline is added. 0, or -1. */
int link_send(struct link *link, struct span op, struct sa_error *err);
/*
 * The next line, waiting until deadline (monotonic, DEADLINE_NEVER) and no
 * longer than wake_fd is silent (-1: none). 1 with a line (valid until the
 * next call), 0 at the end of the connection, 2 when wake_fd became readable,
 * -1 with PROBLEM_TIMEOUT or _STREAM_ERROR.
 */
int link_next(struct link *link, int64_t deadline, int wake_fd, struct span *ret_line,
	      struct sa_error *err);

/* What came back for one op. */
struct link_answer {
	struct buf payload;  /* the JSON-RPC response; empty when the op has none */
	char *session_id;    /* our id of the session that it is about; NULL: none */
	int64_t event_index; /* of the response, or of the message when there is no response */
	int64_t turns;	     /* a queued prompt's: see cmd/sa-supervise/clients.h */
	char *prompt_id;     /* likewise; NULL: not queued */
	bool is_queued;
};
void link_answer_clear(struct link_answer *answer);

/*
 * Wait for the line of type wanted ("answer", "accepted", "queued", "settled",
 * "stopped", "status"; or several: "accepted|queued") with this ref; event records in between are
 * skipped. A large answer is read from the store. 0; -1 with the problem told, with
 * PROBLEM_AGENT_PROCESS_EXITED when the connection ended (and how, if the store knows), or a time-out.
 */
int link_wait(struct link *link, struct store *store, const struct server *server, int64_t ref,
	      const char *wanted, int64_t deadline, int wake_fd, struct link_answer *ret,
	      struct sa_error *err);

/*
 * Call a method of the agent and wait. params is JSON; extra is members of
 * the op such as "\"sessionName\":\"x\"" (NULL: none). A JSON-RPC error in the answer
 * becomes err: PROBLEM_AUTH_REQUIRED, PROBLEM_AGENT_PROCESS_EXITED or
 * PROBLEM_AGENT_ERROR with the agent's words. 0, or -1.
 */
int link_call(struct link *link, struct store *store, const struct server *server,
	      const char *method, struct span params, const char *extra, int64_t deadline,
	      struct link_answer *ret, struct sa_error *err);
/* The same judgement for a response that is there already. 0 when it has a result. */
int link_judge(struct span response, const char *method, struct sa_error *err);

#endif
