/* The verbs' options, and the function behind each verb. */
#ifndef SA_VERBS_H
#define SA_VERBS_H

#include "cli/command.h"
#include "client.h"

#include <stdint.h>

struct api_options {
	struct common_options common;
	const char *endpoint;
	const char *token;
	const char *token_file;
	bool is_no_token;
	int64_t timeout_ms;

	bool is_reinstall;
	const char *agent_version;
	const char *agent_process_version;

	const char *server_id;
	const char *agent;
	const char *json; /* a text here, not the flag */
	const char *json_file;
	const char *last_event_id;

	bool is_recursive;
	bool is_overwrite;
	const char *file;

	const char *cwd;
	struct string_list env;
	bool is_tty;
	bool is_interactive;
	int64_t run_timeout_ms;
	int64_t wait_ms;
	const char *owner;
	const char *stream;
	const char *tail;
	const char *since;
	bool is_follow;

	bool has_input; /* command: our standard input is its */
	bool has_body;	/* ... as the body of the request, however long */

	const char *detach_key; /* processes attach */
	const char *scrollback;
};

/* Operands are checked by the functions. Exit status, or -1. */
typedef int api_fn(struct client *client, const struct api_options *o, int argc, char **argv,
		   struct sa_error *err);

/* A row of a verb's second words: "agents list". */
struct subverb {
	const char *name;
	int least, most; /* operands; most -1: any number */
	const char *operands;
	api_fn *run;
};

extern const struct subverb agents_subverbs[]; /* each ends with {NULL} */
extern const struct subverb acp_subverbs[];
extern const struct subverb fs_subverbs[];
extern const struct subverb processes_subverbs[];

api_fn health_run;
api_fn request_run;
api_fn command_run;
api_fn attach_run;

#endif
