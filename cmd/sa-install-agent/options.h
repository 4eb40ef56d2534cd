/* What the command line asks for. */
#ifndef SA_INSTALL_AGENT_OPTIONS_H
#define SA_INSTALL_AGENT_OPTIONS_H

#include "install.h"

#include "cli/command.h"

struct options {
	struct common_options common;
	struct install_options install;
	bool is_all;
	bool is_list;
	bool is_verify;
	bool is_outdated;
	bool is_remove;
	bool is_rollback;
	bool is_refresh;
	bool has_names;	 /* not all, for want of a name */
	bool has_config; /* --list: with models, modes and options */
	bool is_fresh;	 /* --list --config: ask the agents again */
	const char *ignored_token;
	bool is_ignored_no_token;
};

/* The jobs; each prints its result. The exit status, or -1 with err. */
int job_install(const struct options *options, int count, char **names, struct sa_error *err);
int job_list(const struct options *options, int count, char **names, struct sa_error *err);
int job_verify(const struct options *options, int count, char **names, struct sa_error *err);
int job_outdated(const struct options *options, int count, char **names, struct sa_error *err);
int job_remove(const struct options *options, int count, char **names, struct sa_error *err);
int job_refresh(const struct options *options, struct sa_error *err);
int job_filter(const struct options *options, struct sa_error *err);

/*
 * Tell of a failure as the reference does, and as its HTTP interface wants
 * it: the problem document has the agent and, for a failed installation,
 * what was printed. The exit status is the reference's: 1, for whatever the
 * kind.
 */
int report_failure(const struct options *options, const char *agent, const struct sa_error *err);
/* The members of a problem beyond those of every problem: "\"agent\":...". */
void report_add_members(struct buf *b, const char *agent, const struct sa_error *err);
/* The result of an installation, in the reference's form on HTTP or on its command line. */
void report_add_installation(struct buf *b, const struct installation *result, bool is_http);

#endif
