/* ACP's session/... methods: check the parameters, do it, answer. */
#ifndef MOCK_SESSIONS_H
#define MOCK_SESSIONS_H

#include "agent.h"
#include "rpc.h"

void sessions_new(struct agent *agent, const struct rpc_message *message);
void sessions_load(struct agent *agent, const struct rpc_message *message);
void sessions_resume(struct agent *agent, const struct rpc_message *message);
void sessions_fork(struct agent *agent, const struct rpc_message *message);
void sessions_list(struct agent *agent, const struct rpc_message *message);
void sessions_close(struct agent *agent, const struct rpc_message *message);
void sessions_delete(struct agent *agent, const struct rpc_message *message);
void sessions_prompt(struct agent *agent, const struct rpc_message *message);
void sessions_cancel(struct agent *agent, const struct rpc_message *message);
void sessions_set_mode(struct agent *agent, const struct rpc_message *message);
void sessions_set_model(struct agent *agent, const struct rpc_message *message);
void sessions_set_option(struct agent *agent, const struct rpc_message *message);

#endif
