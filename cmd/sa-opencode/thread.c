#include "thread.h"

#include "acp/envelope.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "ids.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* --- beginning and end ----------------------------------------------------------- */

void thread_init(struct thread *thread, const struct session *session, const char *server_uid)
{
	*thread = (struct thread){
	    .session_id = xstrdup(session->id),
	    .server_uid = xstrdup(server_uid),
	    .directory = xstrdup(session->cwd ? session->cwd : "/"),
	    .agent = xstrdup(session->agent ? session->agent : ""),
	    .model_id = xstrdup(session->model ? session->model : "default"),
	};
}

static void free_part(struct part *part)
{
	char *const owned[] = {part->id,	   part->mime,		part->filename,
			       part->tool.call_id, part->tool.title,	part->tool.kind,
			       part->tool.status,  part->tool.input,	part->tool.output,
			       part->tool.content, part->tool.locations};
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		free(owned[i]);
	buf_free(&part->text);
}

static void free_message(struct message *m)
{
	for (size_t i = 0; i < m->part_count; i++)
		free_part(&m->parts[i]);
	free(m->parts);
	free(m->id);
	free(m->parent_id);
	free(m->provider_id);
	free(m->model_id);
	free(m->mode);
	free(m->error_text);
}

static void free_ask(struct thread_ask *ask)
{
	free(ask->rpc_id);
	free(ask->payload);
	free(ask->reply);
}

void thread_forget(struct thread *thread)
{
	size_t kept = 0;
	for (size_t i = 0; i < thread->count; i++) {
		if (thread->messages[i].is_open)
			thread->messages[kept++] = thread->messages[i];
		else
			free_message(&thread->messages[i]);
	}
	thread->count = kept;
	kept = 0;
	for (size_t i = 0; i < thread->ask_count; i++) {
		if (!thread->asks[i].is_settled)
			thread->asks[kept++] = thread->asks[i];
		else
			free_ask(&thread->asks[i]);
	}
	thread->ask_count = kept;
}

void thread_free(struct thread *thread)
{
	for (size_t i = 0; i < thread->count; i++)
		free_message(&thread->messages[i]);
	for (size_t i = 0; i < thread->ask_count; i++)
		free_ask(&thread->asks[i]);
	free(thread->messages);
	free(thread->asks);
	free(thread->session_id);
	free(thread->server_uid);
	free(thread->directory);
	free(thread->agent);
	free(thread->model_id);
	free(thread->todos);
	*thread = (struct thread){.session_id = NULL};
}

/* --- pieces --------------------------------------------------------------------------- */

static struct message *add_message(struct thread *thread)
{
	thread->messages =
	    xreallocarray(thread->messages, thread->count + 1, sizeof(*thread->messages));
	struct message *m = &thread->messages[thread->count++];
	*m = (struct message){.is_changed = true};
	return m;
}

static struct message *open_message(struct thread *thread)
{
	struct message *last = thread->count ? &thread->messages[thread->count - 1] : NULL;
	return last && last->is_open ? last : NULL;
}

/* id: taken over; NULL: made of the event's index. */
static struct part *add_part(struct thread *thread, struct message *m, enum part_kind kind,
			     char *id, const struct event *event)
{
	m->parts = xreallocarray(m->parts, m->part_count + 1, sizeof(*m->parts));
	struct part *part = &m->parts[m->part_count];
	*part = (struct part){
	    .kind = kind,
	    .id = id ? id : id_of_part(thread->server_uid, event->index, m->part_count),
	    .start_ms = event->at_ms,
	    .text = BUF_INIT(PART_TEXT_BYTES),
	    .is_changed = true,
	};
	m->part_count++;
	return part;
}

static void set_raw(char **field, struct span value)
{
	if (!value.p || json_type(value) == JSON_NULL)
		return;
	free(*field);
	*field = xmemdup0(value.p, value.n);
}

/* --- a prompt ----------------------------------------------------------------------------- */

static void add_file(struct part *part, struct span block)
{
	struct span type = json_get(block, "type");
	struct span resource =
	    json_string_is(type, "resource") ? json_get(block, "resource") : block;
	part->mime = json_string_dup(json_get(resource, "mimeType"));
	part->filename = json_string_dup(json_get(resource, "name"));
	struct span data = json_get(resource, "data");
	if (json_string_add(&part->text, json_get(resource, "uri")) < 0 && data.p) {
		buf_addf(&part->text, "data:%s;base64,", part->mime ? part->mime : "");
		json_string_add(&part->text, data);
	}
}

/* The blocks as parts; the client may have named them, and said it in other words. */
static void add_user_parts(struct thread *thread, struct message *m, struct span params,
			   const struct event *event)
{
	struct json_iter names = json_iter(json_path(params, "_meta.opencode.parts"));
	struct json_iter blocks = json_iter(json_get(params, "prompt"));
	struct span block, named;
	while (json_next(&blocks, NULL, &block)) {
		if (!json_next(&names, NULL, &named))
			named = SPAN_NONE;
		bool is_text = json_string_is(json_get(block, "type"), "text");
		struct part *part = add_part(thread, m, is_text ? PART_TEXT : PART_FILE,
					     json_string_dup(json_get(named, "id")), event);
		struct span said = json_get(named, "text");
		if (is_text)
			json_string_add(&part->text, said.p ? said : json_get(block, "text"));
		else
			add_file(part, block);
		part->end_ms = event->at_ms;
	}
}

static char *text_or(struct span json, const char *otherwise)
{
	char *text = json_string_dup(json);
	return text ? text : xstrdup(otherwise);
}

static void name_model(const struct thread *thread, struct message *m, struct span meta)
{
	m->provider_id = text_or(json_get(meta, "providerID"), thread->agent);
	m->model_id = text_or(json_get(meta, "modelID"), thread->model_id);
	m->mode = text_or(json_get(meta, "agent"), thread->agent);
}

static void close_open(struct thread *thread, int64_t at_ms)
{
	struct message *m = open_message(thread);
	if (!m)
		return;
	m->is_open = false;
	m->is_changed = true;
	m->completed_ms = at_ms;
	for (size_t i = 0; i < m->part_count; i++)
		if (!m->parts[i].end_ms) {
			m->parts[i].end_ms = at_ms;
			m->parts[i].is_changed |= m->parts[i].kind == PART_REASONING;
		}
}

static void add_turn(struct thread *thread, struct span params, const struct event *event)
{
	struct span meta = json_path(params, "_meta.opencode");
	close_open(thread, event->at_ms);
	struct message *user = add_message(thread);
	user->is_user = true;
	user->id = json_string_dup(json_get(meta, "messageID"));
	if (!user->id)
		user->id = id_of_message(event->at_ms, thread->server_uid, event->index);
	user->created_ms = user->completed_ms = event->at_ms;
	name_model(thread, user, meta);
	add_user_parts(thread, user, params, event);
	char *parent = xstrdup(user->id);
	struct message *m = add_message(thread);
	m->parent_id = parent;
	m->id = id_of_answer(parent, event->at_ms, thread->server_uid, event->index);
	m->created_ms = event->at_ms;
	m->is_open = true;
	name_model(thread, m, meta);
	thread->is_busy = true;
}

/* --- what the agent says ---------------------------------------------------------------------- */

static void add_chunk(struct thread *thread, struct message *m, enum part_kind kind,
		      struct span content, const struct event *event)
{
	struct part *last = m->part_count ? &m->parts[m->part_count - 1] : NULL;
	if (!json_string_is(json_get(content, "type"), "text")) {
		if (kind == PART_TEXT)
			add_file(add_part(thread, m, PART_FILE, NULL, event), content);
		return;
	}
	if (!last || last->kind != kind) {
		if (last && !last->end_ms) {
			last->end_ms = event->at_ms;
			last->is_changed = true;
		}
		last = add_part(thread, m, kind, NULL, event);
	}
	json_string_add(&last->text, json_get(content, "text"));
	last->is_changed = true;
}

static void update_tool(struct thread *thread, struct message *m, struct span update,
			const struct event *event)
{
	cleanup_free char *call_id = json_string_dup(json_get(update, "toolCallId"));
	struct part *part = NULL;
	for (size_t i = m->part_count; call_id && !part && i-- > 0;)
		if (m->parts[i].kind == PART_TOOL && strcmp(m->parts[i].tool.call_id, call_id) == 0)
			part = &m->parts[i];
	if (!call_id)
		return;
	if (!part) {
		part = add_part(thread, m, PART_TOOL, NULL, event);
		part->tool.call_id = TAKE_PTR(call_id);
	}
	struct tool *tool = &part->tool;
	set_raw(&tool->title, json_get(update, "title"));
	set_raw(&tool->kind, json_get(update, "kind"));
	set_raw(&tool->status, json_get(update, "status"));
	set_raw(&tool->input, json_get(update, "rawInput"));
	set_raw(&tool->output, json_get(update, "rawOutput"));
	set_raw(&tool->content, json_get(update, "content"));
	set_raw(&tool->locations, json_get(update, "locations"));
	struct span status = span_of(tool->status);
	if (json_string_is(status, "completed") || json_string_is(status, "failed"))
		part->end_ms = event->at_ms;
	part->is_changed = true;
}

static void take_plan(struct thread *thread, struct span entries)
{
	struct buf b = BUF_INIT(PART_TEXT_BYTES);
	struct json_iter it = json_iter(entries);
	struct span entry;
	json_open(&b, '[');
	for (int i = 0; json_next(&it, NULL, &entry); i++) {
		struct span priority = json_get(entry, "priority");
		json_open(&b, '{');
		json_key(&b, "id");
		buf_addf(&b, "\"%d\"", i + 1);
		json_kv_raw(&b, "content", json_get(entry, "content"));
		json_kv_raw(&b, "status", json_get(entry, "status"));
		json_kv_raw(&b, "priority", priority.p ? priority : SPAN_LIT("\"medium\""));
		json_close(&b, '}');
	}
	json_close(&b, ']');
	free(thread->todos);
	thread->todos = buf_take(&b);
	thread->has_todos_changed = true;
}

static void take_usage(struct thread *thread, struct message *m, struct span update)
{
	double all = json_double_or(json_path(update, "cost.amount"), thread->cost);
	if (all > thread->cost)
		m->cost += all - thread->cost;
	thread->cost = all;
	m->is_changed = true;
}

static void take_update(struct thread *thread, struct span update, const struct event *event)
{
	struct span kind = json_get(update, "sessionUpdate");
	struct message *m = open_message(thread);
	if (json_string_is(kind, "plan")) {
		take_plan(thread, json_get(update, "entries"));
		return;
	}
	/* Outside of a turn: what a resumed agent repeats is in earlier records already. */
	if (!m)
		return;
	if (json_string_is(kind, "agent_message_chunk"))
		add_chunk(thread, m, PART_TEXT, json_get(update, "content"), event);
	else if (json_string_is(kind, "agent_thought_chunk"))
		add_chunk(thread, m, PART_REASONING, json_get(update, "content"), event);
	else if (json_string_is(kind, "tool_call") || json_string_is(kind, "tool_call_update"))
		update_tool(thread, m, update, event);
	else if (json_string_is(kind, "usage_update"))
		take_usage(thread, m, update);
}

bool thread_is_chunk(const struct event *event)
{
	struct span kind = json_path(event->payload, "params.update.sessionUpdate");
	return json_string_is(kind, "agent_message_chunk") ||
	       json_string_is(kind, "agent_thought_chunk");
}

/* --- the end of a turn --------------------------------------------------------------------------
 */

static void take_tokens(struct message *m, struct span usage)
{
	m->input_tokens = json_int_or(json_get(usage, "inputTokens"), m->input_tokens);
	m->output_tokens = json_int_or(json_get(usage, "outputTokens"), m->output_tokens);
	m->reasoning_tokens = json_int_or(json_get(usage, "thoughtTokens"), m->reasoning_tokens);
	m->read_tokens = json_int_or(json_get(usage, "cachedReadTokens"), m->read_tokens);
	m->write_tokens = json_int_or(json_get(usage, "cachedWriteTokens"), m->write_tokens);
}

/* Questions that the end of the turn has answered. */
static void drop_asks(struct thread *thread)
{
	for (size_t i = 0; i < thread->ask_count; i++)
		thread->asks[i].is_settled = true;
}

static void set_error(struct message *m, const char *name, char *text)
{
	m->error_name = name;
	free(m->error_text);
	m->error_text = text;
}

static void end_turn(struct thread *thread, const struct envelope *e, int64_t at_ms)
{
	static const struct {
		const char *reason;
		const char *finish;
	} table[] = {{"end_turn", "stop"},
		     {"max_tokens", "length"},
		     {"max_turn_requests", "length"},
		     {"refusal", "content-filter"}};
	struct message *m = open_message(thread);
	struct span reason = json_get(e->result, "stopReason");
	thread->is_busy = false;
	drop_asks(thread);
	if (!m)
		return;
	take_tokens(m, json_get(e->result, "usage"));
	if (e->error.p)
		set_error(m, "UnknownError",
			  text_or(json_get(e->error, "message"), "the agent failed"));
	else if (json_string_is(reason, "cancelled"))
		set_error(m, "MessageAbortedError", xstrdup("Aborted"));
	else
		m->finish = "stop";
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (json_string_is(reason, table[i].reason))
			m->finish = table[i].finish;
	close_open(thread, at_ms);
}

void thread_interrupt(struct thread *thread, const char *why, int64_t at_ms)
{
	struct message *m = open_message(thread);
	drop_asks(thread);
	thread->is_busy = false;
	if (!m)
		return;
	set_error(m, "UnknownError", xstrdup(why));
	close_open(thread, at_ms);
}

/* --- what the agent asks
 * -------------------------------------------------------------------------- */

static bool is_permission(struct span method)
{
	return json_string_is(method, "session/request_permission");
}

static bool is_ask(struct span method)
{
	return is_permission(method) || json_string_is(method, "elicitation/create");
}

static void add_ask(struct thread *thread, const struct envelope *e, const struct event *event)
{
	struct span call = json_get(e->params, "toolCall");
	struct message *m = open_message(thread);
	thread->asks = xreallocarray(thread->asks, thread->ask_count + 1, sizeof(*thread->asks));
	thread->asks[thread->ask_count++] = (struct thread_ask){
	    .index = event->index,
	    .rpc_id = xmemdup0(e->id.p, e->id.n),
	    .payload = xmemdup0(e->text.p, e->text.n),
	    .is_question = !is_permission(e->method),
	};
	/* It may tell more of the call than has been told before. */
	if (m && json_type(call) == JSON_OBJECT)
		update_tool(thread, m, call, event);
}

/* What was chosen, in OpenCode's words. */
static char *reply_of(const struct thread_ask *ask, struct span result)
{
	struct span chosen = json_path(result, "outcome.optionId");
	struct json_iter it = json_iter(json_path(span_of(ask->payload), "params.options"));
	struct span option;
	if (ask->is_question)
		return result.p ? xmemdup0(result.p, result.n) : xstrdup("{}");
	while (chosen.p && json_next(&it, NULL, &option)) {
		struct span kind = json_get(option, "kind");
		if (!json_scalar_equal(json_get(option, "optionId"), chosen))
			continue;
		return xstrdup(json_string_is(kind, "allow_always") ? "always"
			       : json_string_is(kind, "allow_once") ? "once"
								    : "reject");
	}
	return xstrdup("reject");
}

static void settle_ask(struct thread *thread, const struct envelope *e)
{
	for (size_t i = 0; i < thread->ask_count; i++) {
		struct thread_ask *ask = &thread->asks[i];
		if (ask->is_settled || !json_scalar_equal(span_of(ask->rpc_id), e->id))
			continue;
		ask->reply = reply_of(ask, e->result);
		ask->is_settled = true;
		return;
	}
}

/* --- records
 * ------------------------------------------------------------------------------------------ */

void thread_add(struct thread *thread, const struct event *event)
{
	struct envelope e;
	envelope_read(event->payload, &e);
	bool is_client = event->sender == SENDER_CLIENT;
	if (e.kind == ENVELOPE_REQUEST && is_client && envelope_is(&e, "session/prompt"))
		add_turn(thread, e.params, event);
	else if (e.kind == ENVELOPE_REQUEST && !is_client && is_ask(e.method))
		add_ask(thread, &e, event);
	else if (e.kind == ENVELOPE_NOTIFICATION && envelope_is(&e, "session/update"))
		take_update(thread, json_get(e.params, "update"), event);
	else if (e.kind == ENVELOPE_RESPONSE && span_is(event->answers, "session/prompt"))
		end_turn(thread, &e, event->at_ms);
	else if (e.kind == ENVELOPE_RESPONSE &&
		 (span_is(event->answers, "session/request_permission") ||
		  span_is(event->answers, "elicitation/create")))
		settle_ask(thread, &e);
}

const struct message *thread_find(const struct thread *thread, const char *id)
{
	for (size_t i = 0; i < thread->count; i++)
		if (strcmp(thread->messages[i].id, id) == 0)
			return &thread->messages[i];
	return NULL;
}
