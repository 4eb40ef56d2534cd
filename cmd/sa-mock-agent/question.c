#include "question.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "directive.h"
#include "rpc.h"
#include "speech.h"
#include "update.h"
#include "json/scan.h"
#include "json/write.h"

/* Open a request with params {"sessionId":...; the caller closes with send(). */
static struct buf *open_request(struct turn *turn, int64_t id, const char *method)
{
	struct buf *b = &turn->agent->out.queue;
	turn->request_id = id;
	free(TAKE_PTR(turn->answer));
	rpc_request_open(b, id, method);
	json_open(b, '{');
	json_kv_string(b, "sessionId", turn->session->id);
	return b;
}

static enum step send_request(struct turn *turn)
{
	struct buf *b = &turn->agent->out.queue;
	json_close(b, '}');
	rpc_close(b);
	turn->is_asking = true;
	agent_ask(turn->agent, turn->request_id, turn);
	return STEP_AGAIN;
}

static int64_t new_id(struct turn *turn)
{
	return turn->agent->next_request_id++;
}

static enum step send_permission(struct turn *turn, int64_t id, struct span title)
{
	static const char options[] =
	    "[{\"optionId\":\"allow-once\",\"name\":\"Allow once\",\"kind\":\"allow_once\"},"
	    "{\"optionId\":\"allow-always\",\"name\":\"Allow always\",\"kind\":\"allow_always\"},"
	    "{\"optionId\":\"reject-once\",\"name\":\"Reject once\",\"kind\":\"reject_once\"},"
	    "{\"optionId\":\"reject-always\",\"name\":\"Reject always\","
	    "\"kind\":\"reject_always\"}]";
	struct update update;
	speech_tool_open(&update, turn, "execute", title);
	update_close(&update, true);
	struct buf *b = open_request(turn, id, "session/request_permission");
	json_key(b, "toolCall");
	json_open(b, '{');
	json_kv_string(b, "toolCallId", turn->tool_id);
	json_kv_span(b, "title", title);
	json_kv_string(b, "kind", "execute");
	json_kv_string(b, "status", "pending");
	json_close(b, '}');
	json_kv_raw(b, "options", span_of(options));
	return send_request(turn);
}

/* What the client chose: an option id of ours, "cancelled", "error" or "invalid". */
static const char *permission_outcome(struct span answer)
{
	static const char *const options[] = {"allow-once", "allow-always", "reject-once",
					      "reject-always"};
	struct span outcome = json_path(answer, "result.outcome");
	if (json_get(answer, "error").p)
		return "error";
	if (json_string_is(json_get(outcome, "outcome"), "cancelled"))
		return "cancelled";
	if (json_string_is(json_get(outcome, "outcome"), "selected"))
		for (size_t i = 0; i < ARRAY_SIZE(options); i++)
			if (json_string_is(json_get(outcome, "optionId"), options[i]))
				return options[i];
	return "invalid";
}

/* Report the outcome. STEP_DONE, or STEP_END when it was cancelled. */
static enum step end_permission(struct turn *turn)
{
	struct update update;
	const char *outcome = permission_outcome(span_of(turn->answer));
	bool is_allowed = strncmp(outcome, "allow", 5) == 0;
	speech_tool_change(&update, turn, is_allowed ? "completed" : "failed");
	update_close(&update, true);
	if (strcmp(outcome, "cancelled") == 0)
		return turn_stop(turn, "cancelled");
	update_textf(turn->agent, turn->session, "permission: %s", outcome);
	return STEP_DONE;
}

static struct span permission_title(const struct turn *turn)
{
	return turn->args.n ? turn->args : SPAN_LIT("mock command");
}

enum step question_permission(struct turn *turn)
{
	if (turn->at == 0)
		return send_permission(turn, new_id(turn), permission_title(turn));
	return turn->answer ? end_permission(turn) : STEP_WAIT;
}

/* at: 0 ask, 1 wait and ask again under the same id, 2 wait. */
enum step question_reuse_ids(struct turn *turn)
{
	if (turn->at == 0)
		return send_permission(turn, new_id(turn), SPAN_LIT("first use of the id"));
	if (!turn->answer)
		return STEP_WAIT;
	enum step step = end_permission(turn);
	if (turn->at == 1 && step == STEP_DONE)
		return send_permission(turn, turn->request_id, SPAN_LIT("second use of the id"));
	return step;
}

enum step question_form(struct turn *turn)
{
	static const char schema[] =
	    "{\"type\":\"object\",\"properties\":{\"answer\":{\"type\":\"string\","
	    "\"title\":\"Answer\"},\"color\":{\"type\":\"string\",\"title\":\"Color\","
	    "\"enum\":[\"red\",\"green\",\"blue\"]}},\"required\":[\"answer\"]}";
	if (turn->at == 0) {
		struct buf *b = open_request(turn, new_id(turn), "elicitation/create");
		json_kv_string(b, "mode", "form");
		json_kv_span(b, "message", turn->args.n ? turn->args : SPAN_LIT("What now?"));
		json_kv_raw(b, "requestedSchema", span_of(schema));
		return send_request(turn);
	}
	if (!turn->answer)
		return STEP_WAIT;
	struct span result = json_get(span_of(turn->answer), "result");
	struct span content = json_get(result, "content");
	cleanup_free char *action = json_string_dup(json_get(result, "action"));
	buf_clear(&turn->text);
	buf_addf(&turn->text, "question: %s%s", action ? action : "error", content.p ? " " : "");
	buf_add_span(&turn->text, content);
	update_text(turn->agent, turn->session, "agent_message_chunk", buf_span(&turn->text));
	return STEP_DONE;
}

/* Split "METHOD [JSON]". 0, or -1 when the JSON is no object. */
static int method_arguments(struct turn *turn, char **ret_method, struct span *ret_params)
{
	size_t bad;
	struct span params, method = script_word(turn->args, &params);
	bool is_good =
	    method.n &&
	    (params.n == 0 || (json_check(params, &bad) == 0 && json_type(params) == JSON_OBJECT));
	if (!is_good)
		return -1;
	*ret_method = xmemdup0(method.p, method.n);
	*ret_params = params;
	return 0;
}

static void add_members(struct buf *b, struct span object)
{
	struct span key, value;
	if (object.n == 0)
		return;
	struct json_iter it = json_iter(object);
	while (json_next(&it, &key, &value)) {
		json_add_raw(b, key);
		buf_addc(b, ':');
		json_add_raw(b, value);
	}
}

enum step question_ask(struct turn *turn)
{
	cleanup_free char *method = NULL;
	struct span params;
	if (method_arguments(turn, &method, &params) < 0)
		return directive_bad(turn, "no method or no JSON object");
	if (turn->at == 0) {
		add_members(open_request(turn, new_id(turn), method), params);
		return send_request(turn);
	}
	if (!turn->answer)
		return STEP_WAIT;
	struct span answer = span_of(turn->answer), error = json_get(answer, "error");
	struct span value = error.p ? error : json_get(answer, "result");
	buf_clear(&turn->text);
	buf_addf(&turn->text, "%s: %s ", method, error.p ? "error" : "result");
	buf_add_span(&turn->text, value.p ? value : SPAN_LIT("null"));
	update_text(turn->agent, turn->session, "agent_message_chunk", buf_span(&turn->text));
	return STEP_DONE;
}

enum step question_notify(struct turn *turn)
{
	cleanup_free char *method = NULL;
	struct span params;
	struct buf *b = &turn->agent->out.queue;
	if (method_arguments(turn, &method, &params) < 0)
		return directive_bad(turn, "no method or no JSON object");
	rpc_notify_open(b, method);
	json_open(b, '{');
	json_kv_string(b, "sessionId", turn->session->id);
	add_members(b, params);
	json_close(b, '}');
	rpc_close(b);
	return STEP_DONE;
}
