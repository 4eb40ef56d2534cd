#include "permission.h"

#include "acp/envelope.h"
#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "claude.h"
#include "question.h"
#include "session.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

/* The most of a request that is kept for its answer, bytes: as long as a line. */
#define PERMISSION_BYTES ((size_t)128 << 20)

/* The answers that the client may choose from; ids as the official adapter's. */
#define ALLOW_ONCE "allow-once"
#define ALLOW_ALWAYS "allow-with-updates"
#define REJECT "reject"

struct plan_exit {
	const char *option;
	const char *name;
	const char *kind;
	const char *mode; /* set with the approval; NULL: Claude goes back to asking */
};

static const struct plan_exit plan_exits[] = {
    {"exit-plan-default", "Yes, manually approve edits", "allow_once", NULL},
    {"exit-plan-accept-edits", "Yes, and accept edits", "allow_always", "acceptEdits"},
    {"exit-plan-auto", "Yes, and use auto mode", "allow_always", "auto"},
    {"exit-plan-bypass", "Yes, and bypass permissions", "allow_always", "bypassPermissions"},
};

static void permission_free(struct permission *permission)
{
	free(permission->request_id);
	buf_free(&permission->request);
	free(permission);
}

static void unlink_permission(struct permission *permission)
{
	struct permission **link = &permission->session->permissions;
	while (*link != permission)
		link = &(*link)->next;
	*link = permission->next;
}

/* --- answering Claude ------------------------------------------------------------------ */

static struct buf *answer_open(struct session *session, struct span request_id,
			       const char *behavior)
{
	struct buf *b = session_line(session);
	json_open(b, '{');
	json_kv_string(b, "type", "control_response");
	json_key(b, "response");
	json_open(b, '{');
	json_kv_string(b, "subtype", "success");
	json_kv_raw(b, "request_id", request_id);
	json_key(b, "response");
	json_open(b, '{');
	json_kv_string(b, "behavior", behavior);
	return b;
}

static void answer_close(struct buf *b)
{
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, '}');
	buf_addc(b, '\n');
}

void permission_allow(struct permission *permission, struct span updated_input,
		      struct span updated_permissions)
{
	struct buf *b = answer_open(permission->session, span_of(permission->request_id), "allow");
	json_kv_raw(b, "updatedInput", updated_input.p ? updated_input : SPAN_LIT("{}"));
	json_kv_raw(b, "updatedPermissions", updated_permissions);
	json_kv_raw(b, "toolUseID", json_get(buf_span(&permission->request), "tool_use_id"));
	answer_close(b);
}

static void deny(struct session *session, struct span request_id, const char *message,
		 bool is_interrupt)
{
	struct buf *b = answer_open(session, request_id, "deny");
	json_kv_string(b, "message", message);
	if (is_interrupt)
		json_kv_bool(b, "interrupt", true);
	answer_close(b);
}

void permission_deny(struct permission *permission, const char *message, bool is_interrupt)
{
	deny(permission->session, span_of(permission->request_id), message, is_interrupt);
}

/* --- asking the client -------------------------------------------------------------------- */

/*
 * What "always" grants: Claude's suggestions. Where they hold a rule or a
 * folder, a change of mode among them is left out: who allows one command
 * for ever does not mean all edits.
 */
static void write_grants(struct buf *b, struct span suggestions)
{
	bool has_rules = false;
	struct span one;
	struct json_iter it = json_iter(suggestions);
	while (json_next(&it, NULL, &one))
		has_rules |= !json_string_is(json_get(one, "type"), "setMode");
	json_open(b, '[');
	for (it = json_iter(suggestions); json_next(&it, NULL, &one);)
		if (!has_rules || !json_string_is(json_get(one, "type"), "setMode"))
			json_add_raw(b, one);
	json_close(b, ']');
}

/* The first rule or folder of the suggestions in words. */
static void add_grant_name(struct buf *b, struct span suggestions)
{
	struct json_iter it = json_iter(suggestions);
	struct span one, rule;
	while (json_next(&it, NULL, &one)) {
		struct json_iter rules = json_iter(json_get(one, "rules"));
		if (!json_next(&rules, NULL, &rule))
			continue;
		struct span content = json_get(rule, "ruleContent");
		buf_adds(b, "Yes, and don't ask again for ");
		json_string_add(b, content.p ? content : json_get(rule, "toolName"));
		return;
	}
	it = json_iter(suggestions);
	if (json_next(&it, NULL, &one) && json_string_is(json_get(one, "type"), "setMode"))
		buf_adds(b, json_string_is(json_get(one, "mode"), "acceptEdits")
				? "Yes, allow all edits during this session"
				: "Yes, and change the mode");
	else
		buf_adds(b, "Yes, and don't ask again");
}

static bool is_exit_offered(const struct plan_exit *exit, bool can_bypass)
{
	return can_bypass || !exit->mode || strcmp(exit->mode, "bypassPermissions") != 0;
}

static void write_plan_options(struct buf *b, bool can_bypass)
{
	for (size_t i = 0; i < ARRAY_SIZE(plan_exits); i++) {
		const struct plan_exit *exit = &plan_exits[i];
		if (is_exit_offered(exit, can_bypass))
			content_permission(b, exit->option, exit->name, exit->kind);
	}
	content_permission(b, REJECT, "No, keep planning", "reject_once");
}

static void write_tool_options(struct buf *b, struct span suggestions)
{
	struct json_iter it = json_iter(suggestions);
	struct span first;
	content_permission(b, ALLOW_ONCE, "Yes", "allow_once");
	if (json_type(suggestions) == JSON_ARRAY && json_next(&it, NULL, &first)) {
		cleanup_buf struct buf name = BUF_INIT(BUF_MAX_OWN);
		add_grant_name(&name, suggestions);
		content_permission(b, ALLOW_ALWAYS, name.data, "allow_always");
	}
	content_permission(b, REJECT, "No", "reject_once");
}

static void write_tool_call(struct buf *b, const struct session *session, const char *name,
			    struct span request)
{
	json_key(b, "toolCall");
	json_open(b, '{');
	json_kv_raw(b, "toolCallId", json_get(request, "tool_use_id"));
	json_kv_string(b, "status", "pending");
	json_kv_string(b, "kind", tool_kind(name));
	json_kv_raw(b, "rawInput", json_get(request, "input"));
	tool_write_details(b, name, json_get(request, "input"), session->base.cwd,
			   json_get(request, "blocked_path"));
	json_close(b, '}');
}

static void on_answer(void *arg, const struct envelope *envelope);

static void ask_permission(struct permission *permission, const char *name)
{
	struct session *session = permission->session;
	struct adapter *adapter = session->base.adapter;
	struct span request = buf_span(&permission->request);
	struct buf *b = adapter_ask_open(adapter, "session/request_permission");
	json_open(b, '{');
	json_kv_string(b, "sessionId", session->base.id);
	write_tool_call(b, session, name, request);
	json_key(b, "options");
	json_open(b, '[');
	if (tool_is_exit_plan(name))
		write_plan_options(b, session->settings.can_bypass);
	else
		write_tool_options(b, json_get(request, "permission_suggestions"));
	json_close(b, ']');
	json_close(b, '}');
	permission->ask_id = adapter_ask_close(adapter, on_answer, permission);
}

void permission_request(struct session *session, struct span request_id, struct span request)
{
	size_t count = 0;
	for (struct permission *p = session->permissions; p; p = p->next)
		count++;
	cleanup_free char *name = json_string_dup(json_get(request, "tool_name"));
	if (!name || count >= PERMISSIONS_MAX) {
		deny(session, request_id, "Too many questions at once", false);
		return;
	}
	struct permission *permission = xcalloc(1, sizeof(*permission));
	*permission = (struct permission){
	    .next = session->permissions,
	    .session = session,
	    .request_id = xmemdup0(request_id.p, request_id.n),
	    .request = BUF_INIT(PERMISSION_BYTES),
	};
	buf_add_span(&permission->request, request);
	session->permissions = permission;
	if (tool_is_question(name) && session->base.adapter->client_can.has_forms)
		permission->ask_id = question_ask(permission, on_answer);
	else
		ask_permission(permission, name);
}

/* --- the client's answer --------------------------------------------------------------------- */

static void allow_plan(struct permission *permission, const struct plan_exit *exit)
{
	cleanup_buf struct buf grants = BUF_INIT(BUF_MAX_OWN);
	if (exit->mode) {
		json_open(&grants, '[');
		json_open(&grants, '{');
		json_kv_string(&grants, "type", "setMode");
		json_kv_string(&grants, "mode", exit->mode);
		json_kv_string(&grants, "destination", "session");
		json_close(&grants, '}');
		json_close(&grants, ']');
	}
	permission_allow(permission, json_get(buf_span(&permission->request), "input"),
			 exit->mode ? buf_span(&grants) : SPAN_NONE);
}

/* The way out of plan mode that the client has chosen out of those that were offered, or NULL. */
static const struct plan_exit *chosen_exit(bool can_bypass, struct span option)
{
	for (size_t i = 0; i < ARRAY_SIZE(plan_exits); i++)
		if (json_string_is(option, plan_exits[i].option))
			return is_exit_offered(&plan_exits[i], can_bypass) ? &plan_exits[i] : NULL;
	return NULL;
}

/* What was not offered for this very request is no permission. */
static void take_option(struct permission *permission, struct span option)
{
	struct span request = buf_span(&permission->request);
	struct span input = json_get(request, "input");
	cleanup_free char *name = json_string_dup(json_get(request, "tool_name"));
	bool is_plan = tool_is_exit_plan(name);
	const struct plan_exit *exit =
	    is_plan ? chosen_exit(permission->session->settings.can_bypass, option) : NULL;
	if (exit) {
		allow_plan(permission, exit);
	} else if (is_plan) {
		permission_deny(permission, "User refused permission to run tool", false);
	} else if (json_string_is(option, ALLOW_ALWAYS)) {
		cleanup_buf struct buf grants = BUF_INIT(BUF_MAX_OWN);
		write_grants(&grants, json_get(request, "permission_suggestions"));
		permission_allow(permission, input, buf_span(&grants));
	} else if (json_string_is(option, ALLOW_ONCE)) {
		permission_allow(permission, input, SPAN_NONE);
	} else {
		permission_deny(permission, "User refused permission to run tool", false);
	}
}

static void on_answer(void *arg, const struct envelope *envelope)
{
	struct permission *permission = arg;
	struct span outcome = json_get(envelope->result, "outcome");
	unlink_permission(permission);
	if (json_type(json_get(envelope->result, "action")) == JSON_STRING)
		question_answered(permission, envelope->result);
	else if (json_string_is(json_get(outcome, "outcome"), "selected"))
		take_option(permission, json_get(outcome, "optionId"));
	else if (envelope->error.p)
		permission_deny(permission, "The client could not answer", false);
	else
		permission_deny(permission, "The user cancelled", true);
	permission_free(permission);
}

void permission_cancelled(struct session *session, struct span request_id)
{
	for (struct permission *p = session->permissions; p; p = p->next)
		if (json_scalar_equal(span_of(p->request_id), request_id)) {
			adapter_ask_cancel(session->base.adapter, p->ask_id);
			unlink_permission(p);
			permission_free(p);
			return;
		}
}

void permission_drop_all(struct session *session)
{
	while (session->permissions) {
		struct permission *p = session->permissions;
		adapter_ask_cancel(session->base.adapter, p->ask_id);
		unlink_permission(p);
		permission_free(p);
	}
}
