#include "approval.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "codex.h"
#include "form.h"
#include "item.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* How a kind of question is put to the client and how its answer goes back. */
struct approval_kind {
	const char *method;
	void (*write_options)(struct buf *b, struct span params);
	/* The result for Codex: option is a JSON string, not there when cancelled. */
	void (*write_result)(struct buf *b, struct span params, struct span option);
	/* For clients with forms: elicitation/create instead, NULL: never. */
	bool (*wants_form)(struct span params);
	void (*write_form)(struct buf *b, struct span params);
	void (*write_form_result)(struct buf *b, struct span params, struct span answer);
};

#define DECLINE "decline"

/* --- commands --------------------------------------------------------------------------- */

/* A decision is a string, or an object with one member: that name is the option's id. */
static char *decision_id(struct span decision)
{
	struct json_iter it = json_iter(decision);
	struct span key, value;
	if (json_type(decision) == JSON_STRING)
		return json_string_dup(decision);
	return json_type(decision) == JSON_OBJECT && json_next(&it, &key, &value)
		   ? json_string_dup(key)
		   : NULL;
}

static void write_decision(struct buf *b, const char *id, struct span params)
{
	cleanup_buf struct buf name = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(json_get(params, "proposedExecpolicyAmendment"));
	struct span word;
	if (strcmp(id, "accept") == 0) {
		content_permission(b, id, "Yes, proceed", "allow_once");
	} else if (strcmp(id, "acceptForSession") == 0) {
		content_permission(b, id, "Yes, and don't ask again in this session",
				   "allow_always");
	} else if (strcmp(id, "acceptWithExecpolicyAmendment") == 0) {
		buf_adds(&name, "Yes, and don't ask again for commands that start with `");
		for (int i = 0; json_next(&it, NULL, &word); i++) {
			buf_adds(&name, i ? " " : "");
			json_string_add(&name, word);
		}
		buf_addc(&name, '`');
		content_permission(b, id, name.data, "allow_always");
	} else if (strcmp(id, DECLINE) != 0 && strcmp(id, "cancel") != 0) {
		content_permission(b, id, "Yes, and remember it", "allow_always");
	}
}

static void write_command_options(struct buf *b, struct span params)
{
	struct json_iter it = json_iter(json_get(params, "availableDecisions"));
	struct span decision;
	size_t count = 0;
	for (; json_next(&it, NULL, &decision); count++) {
		cleanup_free char *id = decision_id(decision);
		if (id)
			write_decision(b, id, params);
	}
	if (count == 0) {
		write_decision(b, "accept", params);
		write_decision(b, "acceptForSession", params);
	}
	content_permission(b, DECLINE, "No, and tell Codex what to do instead", "reject_once");
}

/* Cancelled ends the turn; declined, or what was not offered, lets the model go on. */
static void write_command_result(struct buf *b, struct span params, struct span option)
{
	struct json_iter it = json_iter(json_get(params, "availableDecisions"));
	struct span decision;
	struct span chosen = option.p ? SPAN_LIT("\"" DECLINE "\"") : SPAN_LIT("\"cancel\"");
	size_t count = 0;
	for (; json_next(&it, NULL, &decision); count++) {
		cleanup_free char *id = decision_id(decision);
		if (id && option.p && json_string_is(option, id))
			chosen = decision;
	}
	if (count == 0 &&
	    (json_string_is(option, "accept") || json_string_is(option, "acceptForSession")))
		chosen = option;
	json_open(b, '{');
	json_kv_raw(b, "decision", chosen);
	json_close(b, '}');
}

/* --- file changes, permissions -------------------------------------------------------------- */

static void write_file_options(struct buf *b, struct span params)
{
	(void)params;
	content_permission(b, "accept", "Yes, proceed", "allow_once");
	content_permission(b, "acceptForSession", "Yes, and don't ask again for these files",
			   "allow_always");
	content_permission(b, DECLINE, "No, and tell Codex what to do instead", "reject_once");
}

static void write_grant_options(struct buf *b, struct span params)
{
	(void)params;
	content_permission(b, "turn", "Yes, for this turn", "allow_once");
	content_permission(b, "session", "Yes, for this session", "allow_always");
	content_permission(b, DECLINE, "No", "reject_once");
}

static void write_grant_result(struct buf *b, struct span params, struct span option)
{
	bool is_granted = json_string_is(option, "turn") || json_string_is(option, "session");
	struct span wanted = json_get(params, "permissions");
	json_open(b, '{');
	json_kv_raw(b, "permissions", is_granted && wanted.p ? wanted : SPAN_LIT("{}"));
	json_kv_raw(b, "scope", is_granted ? option : SPAN_LIT("\"turn\""));
	json_close(b, '}');
}

/* --- questions -------------------------------------------------------------------------------- */

static bool always(struct span params)
{
	(void)params;
	return true;
}

static void write_answer_options(struct buf *b, struct span params)
{
	/* Without forms: the first question's choices, as far as they go. */
	struct json_iter it = json_iter(json_get(params, "questions"));
	struct span question, option;
	if (json_next(&it, NULL, &question)) {
		struct json_iter options = json_iter(json_get(question, "options"));
		while (json_next(&options, NULL, &option)) {
			cleanup_free char *label = json_string_dup(json_get(option, "label"));
			if (label)
				content_permission(b, label, label, "allow_once");
		}
	}
	content_permission(b, DECLINE, "No answer", "reject_once");
}

static void write_answer_result(struct buf *b, struct span params, struct span option)
{
	struct json_iter it = json_iter(json_get(params, "questions"));
	struct span question;
	json_open(b, '{');
	json_key(b, "answers");
	json_open(b, '{');
	cleanup_free char *id =
	    json_next(&it, NULL, &question) ? json_string_dup(json_get(question, "id")) : NULL;
	if (id && option.p && !json_string_is(option, DECLINE)) {
		json_key(b, id);
		json_open(b, '{');
		json_key(b, "answers");
		json_open(b, '[');
		json_add_raw(b, option);
		json_close(b, ']');
		json_close(b, '}');
	}
	json_close(b, '}');
	json_close(b, '}');
}

/* An MCP form that asks for nothing but yes or no is a permission. */
static bool has_fields(struct span params)
{
	struct json_iter it = json_iter(json_path(params, "requestedSchema.properties"));
	struct span first;
	return json_next(&it, NULL, &first) || json_type(json_get(params, "url")) == JSON_STRING;
}

/* May the answer be remembered for as long as word says? Codex: params._meta.persist. */
static bool is_persistent(struct span params, const char *word)
{
	struct span persist = json_path(params, "_meta.persist"), item = persist;
	struct json_iter it = json_iter(persist);
	bool is_one = json_string_is(persist, word);
	while (!is_one && json_type(persist) == JSON_ARRAY && json_next(&it, NULL, &item))
		is_one = json_string_is(item, word);
	return is_one;
}

static void write_mcp_options(struct buf *b, struct span params)
{
	content_permission(b, "accept", "Yes", "allow_once");
	if (is_persistent(params, "session"))
		content_permission(b, "session", "Yes, and don't ask again in this session",
				   "allow_always");
	content_permission(b, DECLINE, "No", "reject_once");
}

static void write_mcp_result(struct buf *b, struct span params, struct span option)
{
	bool is_kept = json_string_is(option, "session") && is_persistent(params, "session");
	bool is_accepted = json_string_is(option, "accept") || is_kept;
	json_open(b, '{');
	json_kv_string(b, "action", is_accepted ? "accept" : option.p ? DECLINE : "cancel");
	json_key(b, "content");
	json_add_raw(b, is_accepted ? SPAN_LIT("{}") : SPAN_LIT("null"));
	if (is_kept)
		json_kv_raw(b, "_meta", SPAN_LIT("{\"persist\":\"session\"}"));
	json_close(b, '}');
}

static const struct approval_kind kinds[] = {
    {"item/commandExecution/requestApproval", write_command_options, write_command_result, NULL,
     NULL, NULL},
    {"item/fileChange/requestApproval", write_file_options, write_command_result, NULL, NULL, NULL},
    {"item/permissions/requestApproval", write_grant_options, write_grant_result, NULL, NULL, NULL},
    {"item/tool/requestUserInput", write_answer_options, write_answer_result, always,
     form_write_questions, form_write_answers},
    {"mcpServer/elicitation/request", write_mcp_options, write_mcp_result, has_fields,
     form_write_mcp, form_write_mcp_result},
};

/* --- bookkeeping ---------------------------------------------------------------------------------
 */

static void approval_free(struct approval *approval)
{
	free(approval->request_id);
	buf_free(&approval->params);
	free(approval);
}

static void unlink_approval(struct approval *approval)
{
	struct approval **link = &approval->session->approvals;
	while (*link != approval)
		link = &(*link)->next;
	*link = approval->next;
}

static void answer(struct approval *approval, struct span option)
{
	cleanup_buf struct buf result = BUF_INIT(APPROVAL_BYTES);
	approval->kind->write_result(&result, buf_span(&approval->params), option);
	server_answer(approval->session->codex, span_of(approval->request_id), buf_span(&result));
}

static void on_answer(void *arg, const struct envelope *envelope)
{
	struct approval *approval = arg;
	struct span result = envelope->result, outcome = json_get(result, "outcome");
	unlink_approval(approval);
	if (json_type(json_get(result, "action")) == JSON_STRING && approval->kind->write_form) {
		cleanup_buf struct buf out = BUF_INIT(APPROVAL_BYTES);
		approval->kind->write_form_result(&out, buf_span(&approval->params), result);
		server_answer(approval->session->codex, span_of(approval->request_id),
			      buf_span(&out));
	} else if (json_string_is(json_get(outcome, "outcome"), "selected")) {
		answer(approval, json_get(outcome, "optionId"));
	} else {
		answer(approval, envelope->error.p ? SPAN_LIT("\"" DECLINE "\"") : SPAN_NONE);
	}
	approval_free(approval);
}

/* A tool of an MCP server (params._meta.codex_approval_kind): which one, and what for. */
static void write_mcp_tool(struct buf *b, struct span params)
{
	struct span meta = json_get(params, "_meta");
	cleanup_free char *server = json_string_dup(json_get(params, "serverName"));
	cleanup_free char *tool = json_string_dup(json_get(meta, "tool_name"));
	cleanup_free char *title = xasprintf("%s.%s", server ? server : "?", tool ? tool : "?");
	cleanup_free char *name = xasprintf("mcp__%s__%s", server ? server : "", tool ? tool : "");
	json_kv_string(b, "toolCallId", "question");
	json_kv_string(b, "status", "pending");
	json_kv_string(b, "kind", "other");
	json_kv_string(b, "title", title);
	json_kv_raw(b, "rawInput", json_get(meta, "tool_params"));
	json_key(b, "content");
	json_open(b, '[');
	content_text_raw(b, json_get(params, "message"));
	json_close(b, ']');
	if (!server || !tool)
		return;
	json_key(b, "_meta");
	json_open(b, '{');
	json_kv_string(b, "toolName", name);
	json_close(b, '}');
}

static void write_tool_call(struct buf *b, struct span params)
{
	struct span item = json_get(params, "itemId"), message = json_get(params, "message");
	json_key(b, "toolCall");
	json_open(b, '{');
	if (json_type(json_get(params, "command")) == JSON_STRING) {
		item_write_command(b, item, params);
	} else if (json_string_is(json_path(params, "_meta.codex_approval_kind"),
				  "mcp_tool_call") &&
		   json_type(message) == JSON_STRING) {
		write_mcp_tool(b, params);
	} else {
		struct span reason = json_get(params, "reason");
		struct span text = json_type(message) == JSON_STRING ? message : reason;
		bool is_edit = json_type(message) != JSON_STRING &&
			       !json_get(params, "permissions").p &&
			       !json_get(params, "questions").p;
		json_kv_raw(b, "toolCallId",
			    json_type(item) == JSON_STRING ? item : SPAN_LIT("\"question\""));
		json_kv_string(b, "status", "pending");
		json_kv_string(b, "kind", is_edit ? "edit" : "other");
		json_kv_string(b, "title", is_edit ? "Edit files" : "Question");
		if (json_type(text) == JSON_STRING) {
			json_key(b, "content");
			json_open(b, '[');
			content_text_raw(b, text);
			json_close(b, ']');
		}
	}
	json_close(b, '}');
}

static void ask(struct approval *approval)
{
	struct session *session = approval->session;
	struct adapter *adapter = session->base.adapter;
	struct span params = buf_span(&approval->params);
	const struct approval_kind *kind = approval->kind;
	bool is_form =
	    adapter->client_can.has_forms && kind->wants_form && kind->wants_form(params);
	struct buf *b = adapter_ask_open(adapter, is_form ? "elicitation/create"
							  : "session/request_permission");
	json_open(b, '{');
	json_kv_string(b, "sessionId", session->base.id);
	if (is_form) {
		kind->write_form(b, params);
	} else {
		write_tool_call(b, params);
		json_key(b, "options");
		json_open(b, '[');
		kind->write_options(b, params);
		json_close(b, ']');
	}
	json_close(b, '}');
	approval->ask_id = adapter_ask_close(adapter, on_answer, approval);
}

bool approval_request(struct session *session, const struct envelope *envelope)
{
	const struct approval_kind *kind = NULL;
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (envelope_is(envelope, kinds[i].method))
			kind = &kinds[i];
	for (struct approval *a = session->approvals; a; a = a->next)
		count++;
	if (!kind || count >= APPROVALS_MAX)
		return false;
	struct approval *approval = xcalloc(1, sizeof(*approval));
	*approval = (struct approval){
	    .next = session->approvals,
	    .session = session,
	    .kind = kind,
	    .request_id = xmemdup0(envelope->id.p, envelope->id.n),
	    .params = BUF_INIT(APPROVAL_BYTES),
	};
	buf_add_span(&approval->params, envelope->params);
	session->approvals = approval;
	ask(approval);
	return true;
}

static void drop(struct approval *approval)
{
	adapter_ask_cancel(approval->session->base.adapter, approval->ask_id);
	unlink_approval(approval);
	approval_free(approval);
}

void approval_resolved(struct session *session, struct span request_id)
{
	for (struct approval *a = session->approvals; a; a = a->next)
		if (json_scalar_equal(span_of(a->request_id), request_id)) {
			drop(a);
			return;
		}
}

void approval_drop_all(struct session *session)
{
	while (session->approvals)
		drop(session->approvals);
}

void approval_cancel_all(struct session *session)
{
	while (session->approvals) {
		answer(session->approvals, SPAN_NONE);
		drop(session->approvals);
	}
}
