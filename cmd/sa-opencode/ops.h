/* What OpenCode's clients ask for. Each op answers its job, now or some day. */
#ifndef SA_OPENCODE_OPS_H
#define SA_OPENCODE_OPS_H

#include "hub.h"
#include "thread.h"

typedef void op_fn(struct job *job);
/* The same for what is about one session, found by parameter "id" and gone afterwards. */
typedef void session_op_fn(struct job *job, struct session *session);

/* Find the op and run it. */
void ops_run(struct job *job);

/* The client's directory: ?directory=, x-opencode-directory, or ours. Caller frees. */
char *ops_directory(const struct job *job);
/* The session of parameter "id", exactly; a supervisor that died is tidied up after. 0, or -1. */
int ops_find_session(struct job *job, struct session *ret, struct server *ret_server,
		     struct sa_error *err);
/* The messages of a session. 0, or -1. */
int ops_load_thread(struct hub *hub, const struct session *session, struct thread *ret,
		    struct sa_error *err);

/* ops_read.c */
op_fn op_config_set, op_path, op_vcs, op_project, op_project_list;
/* ops_provider.c */
op_fn op_provider_list, op_config_providers, op_oauth_authorize;
/* ops_session.c */
op_fn op_session_list, op_session_create, op_session_status, op_session_children, op_session_todo;
session_op_fn op_session_show, op_session_update, op_session_delete, op_session_fork;
session_op_fn op_session_init, op_session_abort, op_session_summarize;
/* ops_message.c */
op_fn op_message_list, op_message_show, op_message_send, op_message_async, op_message_command;
/* ops_ask.c */
op_fn op_permission_list, op_permission_reply, op_permission_respond;
op_fn op_question_list, op_question_reply, op_question_reject;
/* For a STREAM: the words are run. */
op_fn op_events;

#endif
