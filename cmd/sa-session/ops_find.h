/* What the operations on one session begin with. */
#ifndef SA_SESSION_OPS_FIND_H
#define SA_SESSION_OPS_FIND_H

#include "broker.h"

/* The session that parameter id means (an id or an unambiguous prefix) and its server; a
 * supervisor that died is tidied up after. 0, or -1. */
int find_session(struct broker *broker, const struct filter_request *request,
		 struct session *ret, struct server *ret_server, struct sa_error *err);
/* A job on an open session: server_id, session_id and text (the agent's id of it) are set, and
 * begin; send and on_line are the caller's. NULL with err. */
struct job *find_job(struct broker *broker, const struct filter_request *request,
		     struct session *session, struct server *server, struct sa_error *err);
/* The job's begin: to the supervisor that runs. */
void find_peer(struct job *job);
/* "_meta" of the body, for what is sent to the agent; NULL when there is none. */
char *ops_meta(const struct filter_request *request);
/* Answer with a problem of these functions. */
void find_fail(struct broker *broker, const struct filter_request *request,
	       const struct sa_error *err);

/*
 * Close a session that is over. 0; 1: it lives again; -1, PROBLEM_CONFLICT while somebody is bringing
 * it back, whom nobody waits for here: others would wait, too.
 */
int ops_close_over(struct broker *broker, struct session *session, const struct server *server,
		   struct sa_error *err);

#endif
