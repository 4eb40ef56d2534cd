#include "thread_json.h"

#include "ask.h"
#include "tool.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>

static void add_double(struct buf *b, const char *key, double value)
{
	json_key(b, key);
	buf_addf(b, "%.10g", value);
}

static void add_path(struct buf *b, const struct thread *thread)
{
	json_key(b, "path");
	json_open(b, '{');
	json_kv_string(b, "cwd", thread->directory);
	json_kv_string(b, "root", thread->directory);
	json_close(b, '}');
}

static void add_tokens(struct buf *b, const struct message *m)
{
	json_key(b, "tokens");
	json_open(b, '{');
	json_kv_int(b, "input", m->input_tokens);
	json_kv_int(b, "output", m->output_tokens);
	json_kv_int(b, "reasoning", m->reasoning_tokens);
	json_key(b, "cache");
	json_open(b, '{');
	json_kv_int(b, "read", m->read_tokens);
	json_kv_int(b, "write", m->write_tokens);
	json_close(b, '}');
	json_close(b, '}');
}

void message_add_error(struct buf *b, const struct message *m)
{
	json_open(b, '{');
	json_kv_string(b, "name", m->error_name);
	json_key(b, "data");
	json_open(b, '{');
	json_kv_string(b, "message", m->error_text);
	json_close(b, '}');
	json_close(b, '}');
}

static void add_assistant(struct buf *b, const struct thread *thread, const struct message *m)
{
	json_kv_string(b, "parentID", m->parent_id);
	json_kv_string(b, "providerID", m->provider_id);
	json_kv_string(b, "modelID", m->model_id);
	json_kv_string(b, "mode", m->mode);
	add_path(b, thread);
	add_double(b, "cost", m->cost);
	add_tokens(b, m);
	json_kv_string(b, "finish", m->finish);
	if (!m->error_name)
		return;
	json_key(b, "error");
	message_add_error(b, m);
}

void message_add_info(struct buf *b, const struct thread *thread, const struct message *m)
{
	json_open(b, '{');
	json_kv_string(b, "id", m->id);
	json_kv_string(b, "sessionID", thread->session_id);
	json_kv_string(b, "role", m->is_user ? "user" : "assistant");
	json_key(b, "time");
	json_open(b, '{');
	json_kv_int(b, "created", m->created_ms);
	if (m->completed_ms)
		json_kv_int(b, "completed", m->completed_ms);
	json_close(b, '}');
	json_kv_string(b, "agent", m->mode);
	if (m->is_user) {
		json_key(b, "model");
		json_open(b, '{');
		json_kv_string(b, "providerID", m->provider_id);
		json_kv_string(b, "modelID", m->model_id);
		json_close(b, '}');
	} else {
		add_assistant(b, thread, m);
	}
	json_close(b, '}');
}

static void add_time(struct buf *b, const struct part *part)
{
	json_key(b, "time");
	json_open(b, '{');
	json_kv_int(b, "start", part->start_ms);
	if (part->end_ms)
		json_kv_int(b, "end", part->end_ms);
	json_close(b, '}');
}

void part_add_json(struct buf *b, const struct thread *thread, const struct message *m,
		   const struct part *part)
{
	static const char *const types[] = {
	    [PART_TEXT] = "text",
	    [PART_REASONING] = "reasoning",
	    [PART_TOOL] = "tool",
	    [PART_FILE] = "file",
	};
	json_open(b, '{');
	json_kv_string(b, "id", part->id);
	json_kv_string(b, "sessionID", thread->session_id);
	json_kv_string(b, "messageID", m->id);
	json_kv_string(b, "type", types[part->kind]);
	if (part->kind == PART_TOOL) {
		tool_add_members(b, part);
	} else if (part->kind == PART_FILE) {
		json_kv_string(b, "mime", part->mime ? part->mime : "text/plain");
		json_kv_string(b, "filename", part->filename);
		json_kv_span(b, "url", buf_span(&part->text));
	} else {
		json_kv_span(b, "text", buf_span(&part->text));
		if (!m->is_user)
			add_time(b, part);
	}
	json_close(b, '}');
}

void message_add_json(struct buf *b, const struct thread *thread, const struct message *m)
{
	json_open(b, '{');
	json_key(b, "info");
	message_add_info(b, thread, m);
	json_key(b, "parts");
	json_open(b, '[');
	for (size_t i = 0; i < m->part_count; i++)
		part_add_json(b, thread, m, &m->parts[i]);
	json_close(b, ']');
	json_close(b, '}');
}

/* One that has not said anything yet is no answer. */
static bool is_shown(const struct message *m)
{
	return m->is_user || m->part_count || m->is_open || m->error_name || m->finish;
}

void thread_add_messages(struct buf *b, const struct thread *thread, int64_t limit)
{
	size_t first =
	    limit > 0 && (uint64_t)limit < thread->count ? thread->count - (size_t)limit : 0;
	json_open(b, '[');
	for (size_t i = first; i < thread->count; i++)
		if (is_shown(&thread->messages[i]))
			message_add_json(b, thread, &thread->messages[i]);
	json_close(b, ']');
}

void thread_add_ask(struct buf *b, const struct thread *thread, const struct thread_ask *ask)
{
	const struct message *last = thread->count ? &thread->messages[thread->count - 1] : NULL;
	const struct ask_place place = {
	    .session_id = thread->session_id,
	    .server_uid = thread->server_uid,
	    .index = ask->index,
	    .message_id = last && last->is_open ? last->id : NULL,
	};
	ask_add_request(b, &place, span_of(ask->payload));
}
