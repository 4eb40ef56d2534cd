/*
 * The sessions of an adapter: the ACP methods that all answer in the same
 * way, the loop's hooks.
 */
#ifndef SA_ADAPTER_SESSIONS_H
#define SA_ADAPTER_SESSIONS_H

#include "adapter/session.h"

/*
 * Serve agent until the input ends; binary: its program as given, or NULL; arg: for its methods.
 * The exit status, or -1. The caller frees adapter.
 */
int sessions_serve(const struct adapter_agent *agent, const char *binary, size_t line_bytes,
		   void *arg, struct adapter *adapter, struct sa_error *err);
/* The session with this ACP id (a JSON string); NULL when there is none. */
struct session *sessions_find(const struct adapter *adapter, struct span id);
/* The one that a request names; NULL: answered with an error. */
struct session *sessions_named(struct adapter *adapter, const struct envelope *envelope);
/* Find the agent's program: the first word of argv. 0, or -1 with PROBLEM_AGENT_NOT_INSTALLED. */
int sessions_add_program(const struct adapter *adapter, struct argv *argv, struct sa_error *err);

/* --- for tables ------------------------------------------------------------------------ */

/* ACP's methods, for those whose agent has what they need. */
adapter_method_fn method_initialize, method_authenticate, method_new, method_load, method_resume,
    method_fork, method_close, method_delete, method_prompt, method_cancel, method_cancel_request,
    method_set_mode, method_set_model, method_set_option;

/* Rows of a table: what every agent has. */
/* clang-format off */
#define METHODS_OF_ALL \
	{"initialize", method_initialize}, \
	{"session/new", method_new}, \
	{"session/load", method_load}, \
	{"session/close", method_close}, \
	{"session/prompt", method_prompt}, \
	{"session/cancel", method_cancel}, \
	{"session/set_mode", method_set_mode}, \
	{"session/set_config_option", method_set_option}, \
	{"$/cancel_request", method_cancel_request}
/* clang-format on */

/* The hooks where each session has a process of its own. */
extern const struct adapter_hooks sessions_hooks;
/* Their parts: free those that are gone, tick the others; close all. */
int64_t sessions_tick(struct adapter *adapter);
void sessions_end(struct adapter *adapter);

#endif
