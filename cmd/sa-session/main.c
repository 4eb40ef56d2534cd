/* sa-session: make, find, prompt and end sessions. */
#include "cli/remote.h"
#include "verbs.h"

#include <stddef.h>

#define AT(field) offsetof(struct options, field)

/* clang-format off */
#define OPTION_TIMEOUT(words) \
	{"timeout", 0, OPTION_DURATION, AT(create.timeout_ms), "TIME", words, NULL}
#define OPTION_NO_WAIT(words) {"no-wait", 0, OPTION_FLAG, AT(is_no_wait), NULL, words, NULL}
#define OPTION_ALL(words) {"all", 0, OPTION_FLAG, AT(is_all), NULL, words, NULL}
#define OPTION_CREDENTIALS \
	{"credentials", 0, OPTION_STRING, AT(create.credentials), "auto|none|FILE", \
	 "hand over only its provider's keys", "auto none"}
#define OPTION_CWD(words) \
	{"cwd", 0, OPTION_STRING, AT(create.cwd), "DIR", words, COMPLETE_DIRECTORIES}
#define OPTIONS_WAYS \
	{"by", 0, OPTION_STRING, AT(by), "WAY", "auto, native (the agent's own) or transcript", \
	 "auto native transcript"}, \
	{"replay-max-events", 0, OPTION_U64, AT(replay_events), "N", \
	 "of a transcript: the newest envelopes (50)", NULL}, \
	{"replay-max-chars", 0, OPTION_U64, AT(replay_chars), "N", \
	 "of a transcript: characters (12000)", NULL}
#define OPTION_ENV \
	{"env", 0, OPTION_LIST, AT(create.env), "NAME[=VALUE]", "for the agent; repeatable", NULL}
#define OPTIONS_WHO \
	{"as", 0, OPTION_STRING, AT(reply.by), "NAME", "who answers, for the record (cli)", NULL}, \
	{"reason", 0, OPTION_STRING, AT(reply.reason), "TEXT", "and why", NULL}
#define OPTIONS_TERMS \
	{"policy", 0, OPTION_LIST, AT(create.terms.policies), "NAME|FILE", \
	 "answers what it asks; repeatable", COMPLETE_FILES}, \
	{"yolo", 0, OPTION_FLAG, AT(create.terms.is_yolo), NULL, "allow everything", NULL}, \
	{"read-only", 0, OPTION_FLAG, AT(create.terms.is_read_only), NULL, \
	 "allow reading, refuse the rest", NULL}, \
	{"accept-edits", 0, OPTION_FLAG, AT(create.terms.is_accept_edits), NULL, \
	 "allow reading, and editing in the cwd", NULL}, \
	{"ask-timeout", 0, OPTION_STRING, AT(create.terms.ask_timeout), "TIME", \
	 "how long a request stays open (24h)", NULL}, \
	{"ask-default", 0, OPTION_STRING, AT(create.terms.ask_default), "WHAT", \
	 "its answer then: reject (default), allow, cancel", "reject allow cancel"}, \
	{"ask-unattended", 0, OPTION_STRING, AT(create.terms.ask_unattended), "WHAT", \
	 "its answer while nobody is attached (it waits)", "reject allow cancel"}, \
	{"cancel-grace", 0, OPTION_STRING, AT(create.terms.cancel_grace), "TIME", \
	 "what a cancel waits before it uses force (10s)", NULL}, \
	{"on-ask", 0, OPTION_STRING, AT(create.terms.on_ask), "COMMAND", \
	 "a program that answers before people do", NULL}, \
	{"on-ask-timeout", 0, OPTION_STRING, AT(create.terms.on_ask_timeout), "TIME", \
	 "how long it may take (5m)", NULL}, \
	{"max-turns", 0, OPTION_STRING, AT(create.terms.max_turns), "N", \
	 "no more turns than this", NULL}, \
	{"max-tokens", 0, OPTION_STRING, AT(create.terms.max_tokens), "N", \
	 "stop when so many are used", NULL}, \
	{"max-cost", 0, OPTION_STRING, AT(create.terms.max_cost), "AMOUNT", \
	 "stop when it has cost that", NULL}
#define OPTIONS_CREATE \
	{"agent", 0, OPTION_STRING, AT(create.agent), "NAME", "which agent (claude)", \
	 COMPLETE_AGENTS}, \
	{"agent-command", 0, OPTION_STRING, AT(create.agent_command), "WORDS", \
	 "any program that speaks ACP", NULL}, \
	{"adapter", 0, OPTION_STRING, AT(create.adapter), "WHICH", \
	 "what speaks ACP for the agent: own or official", "own official"}, \
	OPTION_CWD("working directory (here)"), \
	OPTION_CREDENTIALS, \
	OPTION_ENV, \
	{"mcp-config", 0, OPTION_STRING, AT(create.mcp_config), "FILE", \
	 "MCP servers for the session", COMPLETE_FILES}, \
	{"reach", 0, OPTION_STRING, AT(create.terms.reach), "WHERE", \
	 "files it asks us for: in the cwd, or any (cwd)", "cwd any"}, \
	OPTIONS_TERMS, \
	{"mode", 0, OPTION_STRING, AT(create.mode), "MODE", "the session's mode", NULL}, \
	{"model", 0, OPTION_STRING, AT(create.model), "MODEL", "the session's model", NULL}, \
	{"config", 0, OPTION_LIST, AT(create.config), "NAME=VALUE", \
	 "another option of the agent; repeatable", NULL}, \
	{"id", 0, OPTION_STRING, AT(create.id), "ID", "the session's id (random)", NULL}
#define OPTIONS_INPUT \
	{"file", 'f', OPTION_LIST, AT(input.files), "FILE", "text of the prompt; repeatable", \
	 COMPLETE_FILES}, \
	{"blocks", 0, OPTION_FLAG, AT(input.is_blocks), NULL, "the text is JSON content blocks", \
	 NULL}, \
	{"image", 0, OPTION_LIST, AT(input.images), "FILE", "show an image; repeatable", \
	 COMPLETE_FILES}, \
	{"attach", 0, OPTION_LIST, AT(input.attachments), "FILE", \
	 "hand over a file's content; repeatable", COMPLETE_FILES}, \
	{"link", 0, OPTION_LIST, AT(input.links), "FILE|URI", "point at a file; repeatable", \
	 COMPLETE_FILES}
/* clang-format on */

static const struct option plain_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTIONS_END};
static const struct option create_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTIONS_CREATE,
					       OPTION_TIMEOUT("give up after (off)"), OPTIONS_END};
static const struct option run_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTIONS_INPUT, OPTIONS_CREATE,
					    OPTION_TIMEOUT("cancel and fail after (off)"),
					    OPTIONS_END};
static const struct option prompt_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    OPTIONS_INPUT,
    OPTION_NO_WAIT("return once the prompt is recorded"),
    {"busy", 0, OPTION_STRING, AT(when), "WHAT", "in a turn: queue (default), reject, now, interrupt",
     "queue reject now interrupt"},
    {"queue", 0, OPTION_FLAG, AT(is_queue), NULL, "--busy queue: wait for the turn that runs", NULL},
    {"interrupt", 0, OPTION_FLAG, AT(is_interrupt), NULL, "cancel that turn first", NULL},
    {"reject-when-busy", 0, OPTION_FLAG, AT(is_reject), NULL, "--busy reject: fail instead", NULL},
    OPTION_TIMEOUT("cancel and fail after (off)"),
    OPTIONS_END,
};
static const struct option resume_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE, OPTION_CREDENTIALS, OPTION_ENV,
    OPTION_CWD("the folder to go on in (as recorded)"), OPTIONS_WAYS, OPTIONS_TERMS,
    OPTION_TIMEOUT("give up after (2m)"),
    OPTIONS_END,
};
static const struct option fork_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"at", 0, OPTION_U64, AT(at), "INDEX", "its past up to this event (all)", NULL},
    OPTION_CREDENTIALS, OPTION_ENV,
    OPTION_CWD("the new session's folder (as recorded)"),
    {"id", 0, OPTION_STRING, AT(create.id), "ID", "the new session's id (random)", NULL},
    OPTIONS_WAYS,
    OPTION_TIMEOUT("give up after (2m)"),
    OPTIONS_END,
};
static const struct option list_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"state", 0, OPTION_STRING, AT(state), "STATE", "only those in this state",
     "idle running waiting closed interrupted"},
    {"agent", 0, OPTION_STRING, AT(agent), "NAME", "only those of this agent", COMPLETE_AGENTS},
    OPTIONS_END,
};
static const struct option servers_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTION_ALL("closed ones too"),
						OPTIONS_END};
static const struct option pending_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTION_ALL("settled ones too"),
    {"settled", 0, OPTION_FLAG, AT(is_settled), NULL, "only settled ones: who, when, why", NULL},
    OPTIONS_END};
static const struct option usage_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"by", 0, OPTION_STRING, AT(usage_by), "WHAT", "session (default), day, agent or directory",
     "session day agent directory"},
    OPTIONS_END,
};
static const struct option wait_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"until", 0, OPTION_STRING, AT(until), "WHEN", "idle (default), waiting or end",
     "idle waiting end"},
    OPTION_TIMEOUT("give up after (off)"),
    OPTIONS_END,
};
static const struct option cancel_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    OPTION_ALL("drop the prompts that wait, too"),
    OPTION_NO_WAIT("do not wait for the end of the turn"),
    OPTION_TIMEOUT("give up after (off)"),
    OPTIONS_END,
};
static const struct option config_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE,
					       OPTION_TIMEOUT("give up after (off)"), OPTIONS_END};
static const struct option reply_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"content", 0, OPTION_STRING, AT(reply.content), "JSON", "accept a question with this", NULL},
    {"result", 0, OPTION_STRING, AT(reply.result), "JSON", "the answer as it is", NULL},
    {"error", 0, OPTION_STRING, AT(reply.error), "TEXT", "answer with an error", NULL},
    OPTIONS_WHO,
    OPTIONS_END,
};
static const struct option queue_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE, OPTIONS_INPUT,
    {"as", 0, OPTION_STRING, AT(reply.by), "NAME", "who does it, for the record (cli)", NULL},
    OPTIONS_END,
};
static const struct option approve_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"always", 0, OPTION_FLAG, AT(reply.is_always), NULL, "this kind of thing, from now on", NULL},
    OPTIONS_WHO,
    OPTIONS_END,
};
static const struct option answer_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTIONS_WHO,
					       OPTIONS_END};
static const struct option rpc_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTION_TIMEOUT("give up after (off)"),
					    OPTIONS_END};
static const struct option rm_options[] = {
    OPTIONS_COMMON, OPTIONS_REMOTE,
    {"force", 0, OPTION_FLAG, AT(is_force), NULL, "close it first if it is open", NULL},
    OPTIONS_END,
};

/* clang-format off */
#define VERB(verb_name, verb_operands, words, table, ...) \
	{ \
		.name = #verb_name, .operands = (verb_operands), .summary = (words), \
		.options = (table), .options_bytes = sizeof(struct options), \
		.run = verb_##verb_name, .examples = (const char *const[]){__VA_ARGS__, NULL}, \
		.complete = COMPLETE_SESSIONS \
	}

static const struct verb verbs[] = {
	VERB(new, "", "start an agent and a session", create_options,
	     "sa-session new --agent mock",
	     "sa-session new --agent-command 'my-acp-agent --flag'"),
	VERB(list, "", "the sessions there are", list_options,
	     "sa-session list",
	     "sa-session list --state idle --json"),
	VERB(show, "SESSION", "one session, with its processes", plain_options,
	     "sa-session show @last",
	     "sa-session new --agent mock | sa-session show -"),
	VERB(prompt, "SESSION [TEXT ...]", "one turn; stdin without a text", prompt_options,
	     "sa-session prompt @last \"say hello\"",
	     "sa-session new --agent mock | sa-session prompt - \"say hello\""),
	VERB(run, "[TEXT ...]", "new, prompt, print the answer, close", run_options,
	     "sa-session run --agent mock \"say hello\"",
	     "sa-session run --agent mock --timeout 1m \"plan\""),
	VERB(cancel, "SESSION ...", "end the turn that runs", cancel_options,
	     "sa-session cancel @last",
	     "sa-session cancel --all @last"),
	VERB(wait, "SESSION ...", "until no turn runs", wait_options,
	     "sa-session wait @last",
	     "sa-session wait --until end --timeout 10m @last"),
	VERB(queue, "list|edit|drop SESSION [PROMPT [TEXT ...]]",
	     "the prompts that wait for their turn", queue_options,
	     "sa-session queue list @last",
	     "sa-session queue drop @last 12"),
	VERB(pending, "[SESSION ...]", "what agents ask and nobody has answered", pending_options,
	     "sa-session pending",
	     "sa-session pending @last --text"),
	VERB(reply, "REQUEST|SESSION|- [ANSWER]", "answer what an agent asks", reply_options,
	     "sa-session reply @last allow",
	     "sa-session reply @last --content '{\"name\":\"x\"}'"),
	VERB(policy, "check FILE ... | test FILE SESSION",
	     "is it good; what would it have decided", plain_options,
	     "sa-session policy check read-only",
	     "sa-session policy test read-only @last"),
	VERB(approve, "REQUEST|SESSION ...", "allow what agents ask", approve_options,
	     "sa-session approve @last",
	     "sa-session approve --always --as alice @last"),
	VERB(deny, "REQUEST|SESSION ...", "refuse what agents ask", approve_options,
	     "sa-session deny @last",
	     "sa-session deny @last --reason \"not on a Friday\""),
	VERB(answer, "REQUEST|SESSION [NAME=VALUE ...]",
	     "answer a question: fields, JSON on stdin, or by hand", answer_options,
	     "sa-session answer @last answer=blue",
	     "echo '{\"answer\":\"blue\"}' | sa-session answer @last"),
	VERB(usage, "[SESSION ...]", "tokens, context and cost", usage_options,
	     "sa-session usage @last",
	     "sa-session usage --by day"),
	VERB(rpc, "[SESSION|SERVER]", "JSON-RPC from stdin to agents, answers on stdout",
	     rpc_options,
	     "echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session/list\"}' | sa-session rpc @last",
	     "sa-session rpc @last <requests.jsonl >answers.jsonl"),
	VERB(mode, "SESSION [MODE]", "show or set the mode", config_options,
	     "sa-session mode @last",
	     "sa-session mode @last plan"),
	VERB(config, "SESSION [NAME [VALUE] | NAME=VALUE ...]",
	     "show or set model, thought level and other options", config_options,
	     "sa-session config @last model mock-fast",
	     "sa-session config @last thought_level=high"),
	VERB(resume, "SESSION ...", "bring back interrupted and closed sessions", resume_options,
	     "sa-session resume @last",
	     "sa-session resume --env LOG=debug @last"),
	VERB(fork, "SESSION", "a new session with the past of another", fork_options,
	     "sa-session fork @last",
	     "sa-session fork --by transcript --replay-max-events 100 @last"),
	VERB(close, "SESSION ...", "end sessions and their agents", plain_options,
	     "sa-session close @last",
	     "sa-session new --agent mock | sa-session close -"),
	VERB(rm, "SESSION ...", "forget sessions and their events", rm_options,
	     "sa-session rm @last",
	     "sa-session rm --force @last"),
	VERB(servers, "", "the agent connections there are", servers_options,
	     "sa-session servers",
	     "sa-session servers --all --json"),
	{
		.name = "filter",
		.operands = "",
		.summary = "requests as JSON lines in, answers out (for sa-serve)",
		.options = plain_options,
		.options_bytes = sizeof(struct options),
		.run = broker_run,
		.examples =
		    (const char *const[]){
			"echo '{\"op\":\"acp.list\"}' | sa-session filter",
			"echo '{\"op\":\"sessions.list\"}' | sa-session filter", NULL},
	},
	{.run = NULL},
};
/* clang-format on */

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
	static const char *const local_verbs[] = {"filter", NULL};
	static const struct remote remote = {
	    .name = "session", .local_verbs = local_verbs, .has_dash = true};
	int status = remote_become(&command, &remote, argc, argv);
	return status >= 0 ? status : command_main(&command, argc, argv);
}
