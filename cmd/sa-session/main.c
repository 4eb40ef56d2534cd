/* sa-session: make, find, prompt and end sessions. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/command.h"
#include "connection.h"
#include "agent/launch.h"
#include "create.h"
#include "json/write.h"
#include "store/alive.h"
#include "turn.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct options {
	struct common_options common;
	struct create_options create;
	bool is_no_wait;
};

#define AT(field) offsetof(struct options, field)

#define OPTIONS_CREATE                                                                             \
	{"agent", 0, OPTION_STRING, AT(create.agent), "NAME", "which agent (claude)",              \
	 COMPLETE_AGENTS},                                                                         \
	{"agent-command", 0, OPTION_STRING, AT(create.agent_command), "WORDS",                     \
	 "any program that speaks ACP", NULL},                                                     \
	{"cwd", 0, OPTION_STRING, AT(create.cwd), "DIR", "working directory (here)",               \
	 COMPLETE_DIRECTORIES},                                                                    \
	{"credentials", 0, OPTION_STRING, AT(create.credentials), "auto|none|FILE",                \
	 "hand over only its provider's keys", "auto none"},                                       \
	{"env", 0, OPTION_LIST, AT(create.env), "NAME=VALUE", "for the agent; repeatable", NULL},  \
	{"id", 0, OPTION_STRING, AT(create.id), "ID", "the session's id (random)", NULL}

#define OPTION_TIMEOUT                                                                             \
	{"timeout", 0, OPTION_DURATION, AT(create.timeout_ms), "TIME", "give up after (off)", NULL}

static const struct option plain_options[] = {OPTIONS_COMMON, OPTIONS_END};
static const struct option create_options[] = {OPTIONS_COMMON, OPTIONS_CREATE, OPTION_TIMEOUT,
					       OPTIONS_END};
static const struct option prompt_options[] = {
    OPTIONS_COMMON,
    OPTION_TIMEOUT,
    {"no-wait", 0, OPTION_FLAG, AT(is_no_wait), NULL, "return once the prompt is recorded", NULL},
    OPTIONS_END,
};

/* since: the eventIndex before what follows; -1 leaves it out. */
static void print_record(const struct session *session, int64_t since)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	session_open_json(&b, session);
	if (since >= 0)
		json_kv_int(&b, "since", since);
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
	/* The next command of the pipeline starts on it. */
	fflush(stdout);
}

static char *join(int argc, char **argv)
{
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	for (int i = 0; i < argc; i++)
		buf_addf(&text, "%s%s", i ? " " : "", argv[i]);
	return buf_take(&text);
}

static int run_new(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "new takes no operand, not '%s'",
				 argv[0]);
	if (create_session(&c, &o->create, err) < 0)
		return -1;
	print_record(&c.session, -1);
	return SA_EXIT_OK;
}

static int print_session(const struct session *session, void *arg)
{
	if (*(const bool *)arg)
		printf("%-16s  %-11s  %-10s  %s\n", session->id, session_state_name(session->state),
		       session->agent, session->cwd ? session->cwd : "");
	else
		print_record(session, -1);
	return 0;
}

static int run_list(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	bool is_text = command_wants_text(&o->common);
	(void)argc;
	(void)argv;
	cleanup_store struct store *store = store_open(err);
	if (!store || launch_reap_all(store, err) < 0)
		return -1;
	return store_each_session(store, 0, print_session, &is_text, err);
}

static int run_show(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc != 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "show wants one session");
	if (connection_find(&c, argv[0], err) < 0)
		return -1;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	session_open_json(&b, &c.session);
	if (server_is_alive(&c.server)) {
		json_kv_int(&b, "supervisorPid", c.server.supervisor.pid);
		json_kv_int(&b, "agentPid", c.server.agent_process.pid);
	}
	json_kv_int(&b, "eventIndex", c.server.last_index);
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
	return SA_EXIT_OK;
}

/* The exit status that a finished turn stands for. */
static int judge_stop(const char *stop_reason, struct sa_error *err)
{
	if (stop_reason && strcmp(stop_reason, "end_turn") == 0)
		return SA_EXIT_OK;
	return error_set(err, PROBLEM_FAILED, "the turn ended with %s",
			 stop_reason ? stop_reason : "no stop reason");
}

static int run_prompt(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc < 2)
		return error_set(err, PROBLEM_INVALID_REQUEST, "prompt wants a session and a text");
	if (connection_find(&c, argv[0], err) < 0 || connection_link(&c, err) < 0)
		return -1;
	cleanup_free char *text = join(argc - 1, argv + 1);
	struct turn turn;
	if (turn_start(&c, text, o->is_no_wait, &turn, err) < 0)
		return -1;
	bool is_text = command_wants_text(&o->common);
	if (!is_text)
		print_record(&c.session, turn.prompt_index - 1);
	if (o->is_no_wait)
		return SA_EXIT_OK;
	int rc = turn_wait(&c, &turn, deadline_after(o->create.timeout_ms), err);
	if (rc == 0 && is_text)
		rc = turn_print_answer(&c, &turn, err);
	if (rc == 0)
		rc = judge_stop(turn.stop_reason, err);
	turn_clear(&turn);
	return rc;
}

static int run_once(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "run wants a prompt");
	if (create_session(&c, &o->create, err) < 0)
		return -1;
	cleanup_free char *text = join(argc, argv);
	struct turn turn = {.stop_reason = NULL};
	int rc = turn_start(&c, text, false, &turn, err);
	if (rc == 0)
		rc = turn_wait(&c, &turn, deadline_after(o->create.timeout_ms), err);
	if (rc == 0)
		rc = turn_print_answer(&c, &turn, err);
	if (rc == 0)
		rc = judge_stop(turn.stop_reason, err);
	struct sa_error ignored;
	connection_stop_server(&c, "run is over", &ignored);
	turn_clear(&turn);
	return rc;
}

static int run_close(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "close wants a session");
	for (int i = 0; i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		if (connection_find(&c, argv[i], err) < 0)
			return -1;
		if (session_state_is_over(c.session.state)) {
			if (store_set_session_state(c.store, c.session.id, SESSION_CLOSED, "closed",
						    err) < 0)
				return -1;
			continue;
		}
		if (connection_link(&c, err) < 0 || connection_close_session(&c, err) < 0)
			return -1;
	}
	return SA_EXIT_OK;
}

static int print_server(const struct server *server, void *arg)
{
	(void)arg;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	server_add_json(&b, server, server_is_alive(server));
	fwrite(b.data, 1, b.len, stdout);
	return 0;
}

static int run_servers(const void *arg, int argc, char **argv, struct sa_error *err)
{
	(void)arg;
	(void)argc;
	(void)argv;
	cleanup_store struct store *store = store_open(err);
	if (!store || launch_reap_all(store, err) < 0)
		return -1;
	return store_each_server(store, false, print_server, NULL, err);
}

static const char *const examples_new[] = {"sa-session new --agent mock",
					   "sa-session new --agent-command 'my-acp-agent --flag'",
					   NULL};
static const char *const examples_list[] = {"sa-session list", "sa-session list --json", NULL};
static const char *const examples_show[] = {"sa-session show @last",
					    "sa-session new --agent mock | sa-session show -", NULL};
static const char *const examples_prompt[] = {
    "sa-session prompt @last \"say hello\"",
    "sa-session new --agent mock | sa-session prompt - \"say hello\"", NULL};
static const char *const examples_run[] = {"sa-session run --agent mock \"say hello\"",
					   "sa-session run --agent mock --timeout 1m \"plan\"", NULL};
static const char *const examples_close[] = {"sa-session close @last",
					     "sa-session new --agent mock | sa-session close -",
					     NULL};
static const char *const examples_servers[] = {"sa-session servers", "sa-session servers --json",
					       NULL};

#define VERB(verb_name, verb_operands, words, table, function, shown)                              \
	{                                                                                          \
		.name = (verb_name), .operands = (verb_operands), .summary = (words),              \
		.options = (table), .options_bytes = sizeof(struct options), .run = (function),    \
		.examples = (shown), .complete = COMPLETE_SESSIONS                                 \
	}

static const struct verb verbs[] = {
    VERB("new", "", "start an agent and a session", create_options, run_new, examples_new),
    VERB("list", "", "the sessions there are", plain_options, run_list, examples_list),
    VERB("show", "SESSION", "one session, with its processes", plain_options, run_show,
	 examples_show),
    VERB("prompt", "SESSION TEXT ...", "one turn", prompt_options, run_prompt, examples_prompt),
    VERB("run", "TEXT ...", "new, prompt, print the answer, close", create_options, run_once,
	 examples_run),
    VERB("close", "SESSION ...", "end sessions and their agents", plain_options, run_close,
	 examples_close),
    VERB("servers", "", "the agent connections there are", plain_options, run_servers,
	 examples_servers),
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const char *const example[] = {"sa-session run --agent mock \"say hello\"",
					      "sa-session new --agent mock | sa-session prompt - "
					      "\"say hello\"",
					      NULL};
	static const struct command command = {
	    .name = "sa-session",
	    .summary = "make, find, prompt and end sessions with coding agents",
	    .verbs = verbs,
	    .example = example,
	};
	return command_main(&command, argc, argv);
}
