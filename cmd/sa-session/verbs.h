/* What the command line can say, and the function behind each verb. */
#ifndef SA_SESSION_VERBS_H
#define SA_SESSION_VERBS_H

#include "cli/command.h"
#include "create.h"
#include "input.h"
#include "resume.h"

struct options {
	struct common_options common;
	struct create_options create;
	struct input_options input;
	const char *when; /* prompt: in the middle of a turn */
	bool is_queue, is_interrupt, is_reject; /* ... by name */
	struct {
		const char *result;
		const char *error;
		const char *content;
		const char *by;	    /* who answers */
		const char *reason; /* and why */
		bool is_always;
	} reply;
	const char *usage_by; /* usage: "session", "day", "agent", "directory" */
	bool is_no_wait;
	bool is_force;
	bool is_all;
	bool is_settled; /* pending: only those */
	const char *state; /* list: only sessions in it */
	const char *agent; /* list: only sessions of it */
	const char *until; /* wait: "idle", "waiting", "end" */
	/* resume, fork */
	const char *by; /* "auto", "native", "transcript" */
	uint64_t replay_events, replay_chars; /* 0: as usual */
	uint64_t at; /* 0: the end */
};

/* struct verb's run. */
typedef int verb_fn(const void *options, int argc, char **argv, struct sa_error *err);

/* list.c: what there is */
verb_fn verb_list, verb_show, verb_servers, verb_pending;
/* Is there a session state of this name (NULL: any)? 0, or -1. */
int list_check_state(const char *name, struct sa_error *err);
/* new.c */
verb_fn verb_new, verb_resume;
/* Check what fork and resume have in common. 0, or -1. */
int ways_check(const char *by, uint64_t replay_events, uint64_t replay_chars, struct sa_error *err);
/* What a resume is told by these. They are borrowed. */
struct resume_options resume_options_of(const struct options *options);
/* fork.c */
verb_fn verb_fork;
/* Fork c's session: *ret is the one of c and made that has the new session. 0, or -1. */
int fork_session(struct connection *c, const struct options *options, struct connection *made,
		 struct connection **ret, struct sa_error *err);
/* prompt.c */
verb_fn verb_prompt, verb_run;
/* wait.c */
verb_fn verb_wait, verb_cancel;
/* broker.c */
int broker_run(const void *options, int argc, char **argv, struct sa_error *err);
/* reply.c */
verb_fn verb_reply;
/* policy.c */
verb_fn verb_policy;
/* queue.c */
verb_fn verb_queue;
/* approve.c */
verb_fn verb_approve, verb_deny, verb_answer;
/* usage.c */
verb_fn verb_usage;
/* rpc.c */
verb_fn verb_rpc;
/* config.c */
verb_fn verb_mode, verb_config;
/* end.c */
verb_fn verb_close, verb_rm;

#endif
