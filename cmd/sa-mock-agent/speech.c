#include "speech.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "directive.h"
#include "update.h"
#include "json/scan.h"
#include "json/write.h"

#include <unistd.h>

/* The longest chunk of repeated text, bytes. */
enum { ECHO_CHUNK_BYTES = 1024 };

enum step speech_echo(struct turn *turn)
{
	static const char said[] = "You said: ";
	size_t lead = turn->at == 0 ? sizeof(said) - 1 : 0;
	size_t n = utf8_cut(turn->args, ECHO_CHUNK_BYTES - lead);
	if (n == 0) /* invalid UTF-8 all along */
		n = turn->args.n < ECHO_CHUNK_BYTES ? turn->args.n : ECHO_CHUNK_BYTES;
	buf_clear(&turn->text);
	buf_add(&turn->text, said, lead);
	buf_add(&turn->text, turn->args.p, n);
	update_text(turn->agent, turn->session, "agent_message_chunk", buf_span(&turn->text));
	turn->args.p += n;
	turn->args.n -= n;
	return turn->args.n ? STEP_AGAIN : STEP_DONE;
}

/* One word and the blanks behind it as a chunk. */
static enum step say_word(struct turn *turn, const char *kind)
{
	struct span rest;
	script_word(turn->args, &rest);
	struct span chunk = {turn->args.p, turn->args.n - rest.n};
	turn->args = rest;
	update_text(turn->agent, turn->session, kind, chunk);
	return rest.n ? STEP_AGAIN : STEP_DONE;
}

enum step speech_say(struct turn *turn)
{
	return say_word(turn, "agent_message_chunk");
}

enum step speech_think(struct turn *turn)
{
	return say_word(turn, "agent_thought_chunk");
}

/* Seven updates: all pending, then each entry in_progress and completed. */
enum step speech_plan(struct turn *turn)
{
	static const char *const entries[] = {"Read the code", "Change the code", "Run the tests"};
	struct update update;
	struct buf *b = update_open(&update, turn->agent, turn->session, "plan");
	json_key(b, "entries");
	json_open(b, '[');
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		bool is_begun = turn->at >= 2 * i + 1, is_completed = turn->at >= 2 * i + 2;
		json_open(b, '{');
		json_kv_string(b, "content", entries[i]);
		json_kv_string(b, "priority", i == 1 ? "high" : "medium");
		json_kv_string(b, "status",
			       is_completed ? "completed"
			       : is_begun   ? "in_progress"
					    : "pending");
		json_close(b, '}');
	}
	json_close(b, ']');
	update_close(&update, true);
	return turn->at < 2 * ARRAY_SIZE(entries) ? STEP_AGAIN : STEP_DONE;
}

struct buf *speech_tool_open(struct update *update, struct turn *turn, const char *kind,
			     struct span title)
{
	snprintf(turn->tool_id, sizeof(turn->tool_id), "call-%llu",
		 (unsigned long long)++turn->session->tool_count);
	struct buf *b = update_open(update, turn->agent, turn->session, "tool_call");
	json_kv_string(b, "toolCallId", turn->tool_id);
	json_kv_span(b, "title", title);
	json_kv_string(b, "kind", kind);
	json_kv_string(b, "status", "pending");
	return b;
}

struct buf *speech_tool_change(struct update *update, struct turn *turn, const char *status)
{
	struct buf *b = update_open(update, turn->agent, turn->session, "tool_call_update");
	json_kv_string(b, "toolCallId", turn->tool_id);
	json_kv_string(b, "status", status);
	return b;
}

void speech_tool_content(struct buf *b, struct span text)
{
	json_key(b, "content");
	json_open(b, '[');
	json_open(b, '{');
	json_kv_string(b, "type", "content");
	update_content(b, text);
	json_close(b, '}');
	json_close(b, ']');
}

static void tool_raw(struct buf *b, const char *key, const char *member, struct span text)
{
	json_key(b, key);
	json_open(b, '{');
	json_kv_span(b, member, text);
	json_close(b, '}');
}

/* pending, in_progress, completed; one a step. command may be "not there". */
static enum step tool(struct turn *turn, struct span title, struct span command)
{
	struct update update;
	if (turn->at == 0) {
		struct buf *b = speech_tool_open(&update, turn, "execute", title);
		if (command.p)
			tool_raw(b, "rawInput", "command", command);
	} else if (turn->at == 1) {
		speech_tool_change(&update, turn, "in_progress");
	} else {
		struct buf *b = speech_tool_change(&update, turn, "completed");
		buf_clear(&turn->text);
		buf_addf(&turn->text, "%s%.*s\nok\n", command.p ? "$ " : "", SPAN_ARG(title));
		speech_tool_content(b, buf_span(&turn->text));
		tool_raw(b, "rawOutput", "output", SPAN_LIT("ok\n"));
	}
	update_close(&update, true);
	return turn->at < 2 ? STEP_AGAIN : STEP_DONE;
}

enum step speech_tool(struct turn *turn)
{
	return tool(turn, turn->args.n ? turn->args : SPAN_LIT("mock tool"), SPAN_NONE);
}

enum step speech_run(struct turn *turn)
{
	if (turn->args.n == 0)
		return directive_bad(turn, "no command");
	return tool(turn, turn->args, turn->args);
}

/* "content":[{"type":"diff",...}] for a file that had one line. */
static void add_diff(struct buf *b, struct span path)
{
	json_key(b, "content");
	json_open(b, '[');
	json_open(b, '{');
	json_kv_string(b, "type", "diff");
	json_kv_span(b, "path", path);
	json_kv_string(b, "oldText", "old line\n");
	json_kv_string(b, "newText", "new line\n");
	json_close(b, '}');
	json_close(b, ']');
}

enum step speech_edit(struct turn *turn)
{
	struct update update;
	if (turn->args.n == 0)
		return directive_bad(turn, "no file");
	buf_clear(&turn->text);
	if (turn->args.p[0] != '/')
		buf_addf(&turn->text, "%s/",
			 strcmp(turn->session->cwd, "/") ? turn->session->cwd : "");
	buf_add_span(&turn->text, turn->args);
	struct span path = buf_span(&turn->text);
	if (turn->at == 0) {
		cleanup_free char *title = xasprintf("Edit %.*s", SPAN_ARG(turn->args));
		struct buf *b = speech_tool_open(&update, turn, "edit", span_of(title));
		json_key(b, "locations");
		json_open(b, '[');
		json_open(b, '{');
		json_kv_span(b, "path", path);
		json_close(b, '}');
		json_close(b, ']');
	} else if (turn->at == 1) {
		speech_tool_change(&update, turn, "in_progress");
	} else {
		add_diff(speech_tool_change(&update, turn, "completed"), path);
	}
	update_close(&update, true);
	return turn->at < 2 ? STEP_AGAIN : STEP_DONE;
}

enum step speech_tokens(struct turn *turn)
{
	return directive_number(turn, 100, INT64_MAX / 2, &turn->input_tokens) < 0 ||
		       directive_number(turn, 10, INT64_MAX / 2, &turn->output_tokens) < 0
		   ? STEP_END
		   : STEP_DONE;
}

enum step speech_usage(struct turn *turn)
{
	uint64_t used, size;
	if (directive_number(turn, 1234, INT64_MAX, &used) < 0 ||
	    directive_number(turn, 200000, INT64_MAX, &size) < 0)
		return STEP_END;
	struct update update;
	struct buf *b = update_open(&update, turn->agent, turn->session, "usage_update");
	json_kv_int(b, "used", (int64_t)used);
	json_kv_int(b, "size", (int64_t)size);
	json_kv_raw(b, "cost", SPAN_LIT("{\"amount\":0.0125,\"currency\":\"USD\"}"));
	update_close(&update, true);
	return STEP_DONE;
}

enum step speech_title(struct turn *turn)
{
	struct update update;
	struct buf *b = update_open(&update, turn->agent, turn->session, "session_info_update");
	json_kv_span(b, "title", turn->args);
	update_close(&update, true);
	free(turn->session->title);
	turn->session->title = xmemdup0(turn->args.p, turn->args.n);
	return STEP_DONE;
}

enum step speech_commands(struct turn *turn)
{
	struct update update;
	struct buf *b =
	    update_open(&update, turn->agent, turn->session, "available_commands_update");
	json_kv_raw(b, "availableCommands",
		    SPAN_LIT("[{\"name\":\"review\",\"description\":\"Review the changes\"},"
			     "{\"name\":\"explain\",\"description\":\"Explain a file\","
			     "\"input\":{\"hint\":\"file\"}}]"));
	update_close(&update, false);
	return STEP_DONE;
}

enum step speech_update(struct turn *turn)
{
	size_t bad;
	if (json_check(turn->args, &bad) < 0 || json_type(turn->args) != JSON_OBJECT)
		return directive_bad(turn, "no JSON object");
	update_raw(turn->agent, turn->session, turn->args, true);
	return STEP_DONE;
}

enum step speech_report(struct turn *turn)
{
	struct session *session = turn->session;
	struct agent *agent = turn->agent;
	if (span_is(turn->args, "pid")) {
		update_textf(agent, session, "pid: %ld", (long)getpid());
	} else if (span_is(turn->args, "cwd")) {
		update_textf(agent, session, "cwd: %s", session->cwd);
	} else if (span_is(turn->args, "blocks")) {
		update_textf(agent, session, "blocks: %s", turn->blocks);
	} else if (span_is(turn->args, "settings")) {
		update_textf(agent, session, "settings: mode=%s model=%s thought_level=%s",
			     session->settings[SETTING_MODE], session->settings[SETTING_MODEL],
			     session->settings[SETTING_THOUGHT_LEVEL]);
	} else if (span_starts_with(turn->args, "env:")) {
		cleanup_free char *name = xmemdup0(turn->args.p + 4, turn->args.n - 4);
		const char *value = getenv(name);
		update_textf(agent, session, "env: %s%s%s", name, value ? "=" : " is not set",
			     value ? value : "");
	} else {
		return directive_bad(turn, "cannot report that");
	}
	return STEP_DONE;
}
