#include "tool.h"

#include "base/xalloc.h"
#include "claude.h"
#include "plan.h"
#include "session.h"
#include "tool_output.h"
#include "json/scan.h"
#include "json/write.h"

/* How much of a call's input is kept until its result, bytes; the rest is shown, not kept. */
#define TOOL_INPUT_BYTES ((size_t)1 << 20)

void tool_release(void *call)
{
	struct tool *tool = call;
	free(tool->name);
	free(tool->parent);
	buf_free(&tool->input);
}

/* The members that every message on a call has; the sub-agent's call goes to _meta. */
static struct buf *call_open(struct session *session, const struct tool *tool, const char *kind)
{
	struct buf *b = adapter_update_open(session->base.adapter, session->base.id, kind);
	json_kv_raw(b, "toolCallId", span_of(tool->base.id));
	json_key(b, "_meta");
	json_open(b, '{');
	json_key(b, "claudeCode");
	json_open(b, '{');
	json_kv_string(b, "toolName", tool->name);
	json_kv_raw(b, "parentToolUseId", span_of(tool->parent));
	json_close(b, '}');
	json_close(b, '}');
	return b;
}

static void call_close(struct session *session)
{
	adapter_update_close(session->base.adapter);
}

struct tool *tool_begin(struct session *session, struct span id, struct span name,
			struct span parent)
{
	struct tool *tool = toolcall_find(&session->base, id);
	if (tool || json_type(id) != JSON_STRING)
		return tool;
	char *text = json_string_dup(name);
	tool = toolcall_add(&session->base, id, sizeof(*tool));
	tool->name = text ? text : xstrdup("tool");
	tool->parent = json_type(parent) == JSON_STRING ? xmemdup0(parent.p, parent.n) : NULL;
	tool->input = BUF_INIT(TOOL_INPUT_BYTES);
	if (tool_is_plan(tool->name))
		return tool;
	tool->is_shown = true;
	struct buf *b = call_open(session, tool, "tool_call");
	json_kv_string(b, "status", "pending");
	json_kv_string(b, "kind", tool_kind(tool->name));
	json_kv_raw(b, "rawInput", SPAN_LIT("{}"));
	tool_write_details(b, tool->name, SPAN_NONE, session->base.cwd, SPAN_NONE);
	call_close(session);
	return tool;
}

void tool_input(struct session *session, struct span id, struct span name, struct span input,
		struct span parent)
{
	struct tool *tool = tool_begin(session, id, name, parent);
	if (!tool)
		return;
	buf_clear(&tool->input);
	buf_add_span(&tool->input, input);
	if (!tool->is_shown) {
		plan_input(session, tool->name, input);
		return;
	}
	struct buf *b = call_open(session, tool, "tool_call_update");
	json_kv_raw(b, "rawInput", input);
	tool_write_details(b, tool->name, input, session->base.cwd, SPAN_NONE);
	call_close(session);
}

void tool_result(struct session *session, struct span block, struct span structured)
{
	struct tool *tool = toolcall_find(&session->base, json_get(block, "tool_use_id"));
	if (!tool)
		return;
	bool is_error = json_bool_or(json_get(block, "is_error"), false);
	if (tool->is_shown) {
		struct span content = json_get(block, "content");
		struct buf *b = call_open(session, tool, "tool_call_update");
		json_kv_string(b, "status", is_error ? "failed" : "completed");
		json_kv_raw(b, "rawOutput", content);
		tool_write_output(b, tool->name, content, structured, is_error);
		call_close(session);
	} else if (!is_error) {
		plan_result(session, tool->name, buf_span(&tool->input), structured);
	}
	toolcall_forget(&session->base, tool);
}

void tool_fail_all(struct session *session, const char *why)
{
	while (session->base.calls) {
		struct tool *tool = (void *)session->base.calls;
		if (tool->is_shown) {
			struct buf *b = call_open(session, tool, "tool_call_update");
			json_kv_string(b, "status", "failed");
			json_kv_string(b, "rawOutput", why);
			call_close(session);
		}
		toolcall_forget(&session->base, tool);
	}
}
