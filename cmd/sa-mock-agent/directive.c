#include "directive.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "bulk.h"
#include "exec.h"
#include "hostile.h"
#include "question.h"
#include "rpc.h"
#include "speech.h"
#include "swarm.h"

static const struct directive table[] = {
    {"say", "TEXT", "TEXT in chunks of a word", speech_say},
    {"think", "TEXT", "the same as thoughts", speech_think},
    {"plan", "", "a plan of three entries, each worked through", speech_plan},
    {"tool", "[TITLE]", "a tool call that completes; runs nothing", speech_tool},
    {"run", "CMD", "the same with CMD as its input; runs nothing", speech_run},
    {"exec", "CMD", "really run CMD (no shell) as a tool call", exec_run},
    {"edit", "FILE", "a tool call with a diff; writes nothing", speech_edit},
    {"tokens", "IN [OUT]", "the answer tells that it took so many", speech_tokens},
    {"usage", "[USED [SIZE]]", "usage_update with a cost", speech_usage},
    {"title", "TEXT", "session_info_update", speech_title},
    {"commands", "", "available_commands_update", speech_commands},
    {"update", "JSON", "a session/update with this object", speech_update},
    {"permission", "[TITLE]", "ask the client; says 'permission: OPTION'", question_permission},
    {"question", "[TEXT]", "elicitation/create; says 'question: ACTION'", question_form},
    {"ask", "METHOD [JSON]", "any request to the client; says the answer", question_ask},
    {"notify", "METHOD [JSON]", "any notification to the client", question_notify},
    {"wait", "DURATION", "500ms, 2s", bulk_wait},
    {"repeat", "N TEXT", "N updates with TEXT", bulk_repeat},
    {"flood", "N [BYTES]", "N updates 'u 1 ' to 'u N ', padded; not in the history", bulk_flood},
    {"bigline", "BYTES", "one update line of that size; not in the history", bulk_bigline},
    {"report", "WHAT", "pid, cwd, settings, blocks, or env:NAME", speech_report},
    {"fail", "CODE TEXT", "answer the prompt with this error", hostile_fail},
    {"refuse", "", "stopReason refusal", hostile_refuse},
    {"maxtokens", "", "stopReason max_tokens", hostile_max_tokens},
    {"maxrequests", "", "stopReason max_turn_requests", hostile_max_requests},
    {"noise", "TEXT", "TEXT as a raw line on stdout", hostile_noise},
    {"badjson", "", "half a JSON object as a line", hostile_bad_json},
    {"bad-utf8", "", "an update with invalid UTF-8 in it", hostile_bad_utf8},
    {"emptylines", "", "three lines with nothing in them", hostile_empty_lines},
    {"nonobject", "", "the lines [1,2] and \"str\"", hostile_non_object},
    {"wrong-session", "", "an update for a session that is not there", hostile_wrong_session},
    {"split", "[off]", "from now on write odd pieces with pauses", hostile_split},
    {"stderr", "TEXT", "a line on stderr", hostile_stderr},
    {"stderr-flood", "BYTES", "so much on stderr, in lines", hostile_stderr_flood},
    {"twice", "", "answer this prompt twice", hostile_twice},
    {"late", "[N]", "N updates after this prompt's answer", hostile_late},
    {"reuse-ids", "", "two permission requests, one after the other, same id", question_reuse_ids},
    {"ignore-cancel", "", "this turn does not heed session/cancel", hostile_ignore_cancel},
    {"stall", "", "never goes on; cancel still ends it", hostile_stall},
    {"stop-reading", "", "read no more input, from now on", hostile_stop_reading},
    {"ignore-term", "", "SIGTERM and end of input do not end the agent", hostile_ignore_term},
    {"heed-int", "", "SIGINT ends the turns that run, not the agent", hostile_heed_int},
    {"fork", "N [keep]", "N children that sleep; keep: with our stdio", swarm_fork},
    {"daemon", "N [keep]", "the same in own sessions, deaf to TERM and HUP", swarm_daemon},
    {"die", "[STATUS]", "exit at once, 1 if not told", hostile_die},
    {"die-after", "N [STATUS]", "exit after N more updates", hostile_die_after},
    {"kill", "NAME", "send this signal to itself: KILL, SEGV, STOP, ...", hostile_kill},
};

const struct directive *directive_find(struct span word)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (span_is(word, table[i].name))
			return &table[i];
	return NULL;
}

const struct directive *directive_echo(void)
{
	static const struct directive echo = {"", "", "", speech_echo};
	return &echo;
}

const struct directive *directive_replay(void)
{
	static const struct directive replay = {"", "", "", bulk_replay};
	return &replay;
}

bool directive_is_plain(const struct script *script)
{
	struct span all = {script->text, script->len};
	while (all.n && memchr(" \t\r\n;", all.p[0], 5)) {
		all.p++;
		all.n--;
	}
	size_t n = 0;
	while (n < all.n && !memchr(" \t\r\n;", all.p[n], 5))
		n++;
	return !directive_find((struct span){all.p, n});
}

void directive_print_help(FILE *out)
{
	fputs("\nA prompt is a script: directives separated by newline or ';' (\"\\;\" is a plain\n"
	      "one). A text that begins with no directive is repeated: \"You said: TEXT\".\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char left[64];
		snprintf(left, sizeof(left), "%s %s", table[i].name, table[i].arguments);
		fprintf(out, "  %-22s %s\n", left, table[i].help);
	}
}

enum step directive_bad(struct turn *turn, const char *what)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	buf_addf(&text, "%s: %s; it takes %s", turn->directive->name, what,
		 *turn->directive->arguments ? turn->directive->arguments : "nothing");
	return turn_fail(turn, RPC_INVALID_PARAMS, buf_span(&text));
}

int directive_number(struct turn *turn, uint64_t fallback, uint64_t max, uint64_t *ret_value)
{
	struct span word = script_word(turn->args, &turn->args);
	*ret_value = fallback;
	if (word.n == 0 || num_parse_u64(word, max, ret_value) == 0)
		return 0;
	directive_bad(turn, "bad number");
	return -1;
}

int directive_size(struct turn *turn, uint64_t fallback, uint64_t max, uint64_t *ret_bytes)
{
	struct span word = script_word(turn->args, &turn->args);
	*ret_bytes = fallback;
	if (word.n == 0 || (num_parse_size(word, ret_bytes) == 0 && *ret_bytes <= max))
		return 0;
	directive_bad(turn, "bad size");
	return -1;
}
