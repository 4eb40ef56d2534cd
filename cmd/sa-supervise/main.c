/* sa-supervise: own one agent process; see supervisor.h. */
#include "cli/command.h"
#include "os/io.h"
#include "supervisor.h"
#include "json/scan.h"

#include <stddef.h>
#include <string.h>

struct options {
	struct common_options common;
	const char *server_id;
	const char *server_uid;
	const char *agent;
	const char *credentials;
	const char *cwd;
	int ready_fd;
	uint64_t line_limit;
	int64_t silence_limit;
	int64_t prompt_limit;
	int64_t lease;
	int64_t stop_grace;
	int64_t cancel_grace;
	const char *reach;
	struct string_list policies;
	int64_t ask_timeout;
	const char *ask_default;
	const char *ask_unattended;
	const char *on_ask;
	int64_t on_ask_timeout;
	uint64_t max_turns;
	uint64_t max_tokens;
	const char *max_cost;
};

static const uint64_t NOT_SAID = UINT64_MAX;

#define AT(field) offsetof(struct options, field)

static const struct option option_table[] = {
    OPTIONS_COMMON,
    {"server-id", 0, OPTION_STRING, AT(server_id), "ID", "the connection's id (wanted)", NULL},
    {"server-uid", 0, OPTION_STRING, AT(server_uid), "UID", "continue this server, closed or not",
     NULL},
    {"credentials", 0, OPTION_STRING, AT(credentials), "WORD", "recorded: what a resume hands over",
     NULL},
    {"agent", 0, OPTION_STRING, AT(agent), "NAME", "what the agent is called (wanted)",
     COMPLETE_AGENTS},
    {"cwd", 0, OPTION_STRING, AT(cwd), "DIR", "the agent's working directory",
     COMPLETE_DIRECTORIES},
    {"ready-fd", 0, OPTION_FD, AT(ready_fd), "N", "descriptor for the readiness line", NULL},
    {"line-limit", 0, OPTION_SIZE, AT(line_limit), "BYTES", "longest message (64M)", NULL},
    {"silence-limit", 0, OPTION_DURATION, AT(silence_limit), "TIME",
     "cancel a turn silent for so long (off)", NULL},
    {"prompt-limit", 0, OPTION_DURATION, AT(prompt_limit), "TIME",
     "cancel a turn that takes longer (off)", NULL},
    {"lease", 0, OPTION_DURATION, AT(lease), "TIME", "end when idle and alone for so long (10m)",
     NULL},
    {"stop-grace", 0, OPTION_DURATION, AT(stop_grace), "TIME",
     "from SIGTERM to SIGKILL when stopping (3s)", NULL},
    {"cancel-grace", 0, OPTION_DURATION, AT(cancel_grace), "TIME",
     "after a cancel, before force is used (10s)", NULL},
    {"reach", 0, OPTION_STRING, AT(reach), "WHERE", "where files it asks for may be (cwd)",
     "cwd any"},
    {"policy", 0, OPTION_LIST, AT(policies), "NAME|FILE", "answers its requests; repeatable",
     COMPLETE_FILES},
    {"ask-timeout", 0, OPTION_DURATION, AT(ask_timeout), "TIME",
     "how long a request stays open (24h)", NULL},
    {"ask-default", 0, OPTION_STRING, AT(ask_default), "WHAT", "and its answer then (reject)",
     "reject allow cancel"},
    {"ask-unattended", 0, OPTION_STRING, AT(ask_unattended), "WHAT",
     "... and at once while nobody is attached", "reject allow cancel"},
    {"on-ask", 0, OPTION_STRING, AT(on_ask), "WORDS", "a program that decides before people do",
     NULL},
    {"on-ask-timeout", 0, OPTION_DURATION, AT(on_ask_timeout), "TIME", "how long it may take (5m)",
     NULL},
    {"max-turns", 0, OPTION_U64, AT(max_turns), "N", "of a session (no limit)", NULL},
    {"max-tokens", 0, OPTION_U64, AT(max_tokens), "N", "of a session (no limit)", NULL},
    {"max-cost", 0, OPTION_STRING, AT(max_cost), "AMOUNT", "of a session (no limit)", NULL},
    OPTIONS_END,
};

static void set_defaults(void *arg)
{
	struct options *o = arg;
	o->ready_fd = -1;
	o->line_limit = LINES_LIMIT_DEFAULT;
	o->lease = 600000;
	o->stop_grace = 3000;
	o->cancel_grace = -1;
	o->ask_timeout = -1;
	o->on_ask_timeout = -1;
	o->max_turns = o->max_tokens = NOT_SAID;
}

static int read_wish(const char *option, const char *word, enum wish *ret, struct sa_error *err)
{
	static const char *const names[] = {
	    [WISH_ALLOW] = "allow", [WISH_REJECT] = "reject", [WISH_CANCEL] = "cancel"};
	for (int i = WISH_ALLOW; word && i <= WISH_CANCEL; i++)
		if (strcmp(word, names[i]) == 0) {
			*ret = (enum wish)i;
			return 0;
		}
	return word ? error_set(err, PROBLEM_INVALID_REQUEST,
				"--%s is reject, allow or cancel, not '%s'", option, word)
		    : 0;
}

/* Nothing at all is no amount to work with: whoever says it does not mean "no limit". */
static int read_count(const char *option, uint64_t said, uint64_t *ret, struct sa_error *err)
{
	if (said == NOT_SAID)
		return 0;
	if (said == 0 || said > INT64_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--%s is 1 or more, not %llu",
				 option, (unsigned long long)said);
	*ret = said;
	return 0;
}

static int read_limits(const struct options *o, struct supervisor_options *ret,
		       struct sa_error *err)
{
	if (read_count("max-turns", o->max_turns, &ret->max_turns, err) < 0 ||
	    read_count("max-tokens", o->max_tokens, &ret->max_tokens, err) < 0)
		return -1;
	if (!o->max_cost)
		return 0;
	struct span cost = span_of(o->max_cost);
	if (json_check(cost, NULL) < 0 || json_type(cost) != JSON_NUMBER ||
	    json_double_or(cost, 0) <= 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--max-cost is an amount such as 0.50, not '%s'", o->max_cost);
	ret->max_cost = json_double_or(cost, 0);
	ret->max_cost_text = o->max_cost;
	return 0;
}

static int run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	if (!o->server_id || !*o->server_id || !o->agent || argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "wants --server-id, --agent and the agent's command after '--'");
	if (o->line_limit < 1024 || o->line_limit > BUF_MAX_OWN / 2)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--line-limit is from 1K to 512M");
	if (o->reach && strcmp(o->reach, "cwd") != 0 && strcmp(o->reach, "any") != 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--reach is cwd or any");
	struct supervisor_options options = {
	    .server_id = o->server_id,
	    .agent = o->agent,
	    .server_uid = o->server_uid,
	    .credentials = o->credentials,
	    .cwd = o->cwd,
	    .argv = argv,
	    .is_reaching = o->reach && strcmp(o->reach, "any") == 0,
	    .ready_fd = o->ready_fd,
	    .line_limit_bytes = o->line_limit,
	    .silence_ms = o->silence_limit,
	    .prompt_ms = o->prompt_limit,
	    .lease_ms = o->lease,
	    .stop_grace_ms = o->stop_grace,
	    .cancel_grace_ms = o->cancel_grace,
	    .policies = o->policies.items,
	    .policy_count = o->policies.count,
	    .ask_timeout_ms = o->ask_timeout,
	    .on_ask = o->on_ask,
	    .on_ask_timeout_ms = o->on_ask_timeout,
	};
	if (read_limits(o, &options, err) < 0)
		return -1;
	if (read_wish("ask-default", o->ask_default, &options.ask_default, err) < 0 ||
	    read_wish("ask-unattended", o->ask_unattended, &options.ask_unattended, err) < 0)
		return -1;
	io_open_standard_fds();
	return supervisor_run(&options, err);
}

static const char *const examples[] = {
    "sa-supervise --server-id demo --agent mock -- sa-mock-agent",
    "sa-supervise --server-id demo --agent mine --lease off -- my-acp-agent --flag",
    NULL,
};

int main(int argc, char **argv)
{
	static const struct verb verb = {
	    .operands = "-- COMMAND [ARG ...]",
	    .summary = "own one agent: its pipes, its process tree, its record",
	    .options = option_table,
	    .options_bytes = sizeof(struct options),
	    .set_defaults = set_defaults,
	    .run = run,
	    .is_posix = true,
	    .examples = examples,
	};
	return command_main_single("sa-supervise", &verb, argc, argv);
}
