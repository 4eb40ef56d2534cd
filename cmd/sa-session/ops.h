/* The operations of the filter. Each takes over the job and answers it some day. */
#ifndef SA_SESSION_OPS_H
#define SA_SESSION_OPS_H

#include "broker.h"

/* fd: a descriptor that came along, owned; -1: none. */
typedef void op_fn(struct broker *broker, const struct filter_request *request, int fd);

/* ops_acp.c: the proxy of contract 7 */
op_fn op_acp_post, op_acp_list, op_acp_stream, op_acp_delete;
/* ops_sessions.c, ops_turns.c: sessions for people without an SDK */
op_fn op_sessions_list, op_sessions_create, op_sessions_show, op_sessions_delete;
op_fn op_sessions_prompt, op_sessions_cancel, op_sessions_events, op_sessions_stream;
op_fn op_sessions_pending, op_sessions_reply;
/* ops_queue.c: they may block */
op_fn op_sessions_queue, op_sessions_queue_edit, op_sessions_queue_drop;
/* ops_restore.c: they block */
op_fn op_sessions_resume, op_sessions_fork;
/* ops_metrics.c */
op_fn op_metrics;

/* Answer a request that made no job. */
void ops_fail(struct broker *broker, const struct filter_request *request,
	      const struct sa_error *err, struct span extensions);
void ops_answer(struct broker *broker, const struct filter_request *request, int status,
		struct span result);
/* Is this JSON-RPC answer the supervisor's for an agent that died? Then the job has failed. */
bool ops_take_death(struct job *job, struct span response);
/* Last-Event-ID, if there is one, is a whole number. 0, or -1. */
int ops_check_event_id(const struct filter_request *request, struct sa_error *err);
/* The payload of an answer line; a large one comes out of the store into room. NONE with err. */
struct span ops_payload(struct job *job, const struct peer_line *line, struct buf *room,
			struct sa_error *err);
/* The content blocks of a body, as JSON: "prompt" as they are, or "text" as one. 0, or -1. */
int ops_take_blocks(const struct filter_request *request, struct buf *ret, struct sa_error *err);
/* A problem line of the supervisor as the job's failure; handled when it was one. */
bool ops_take_problem(struct job *job, const struct peer_line *line);

#endif
