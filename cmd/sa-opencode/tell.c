#include "tell.h"

#include "ask.h"
#include "base/cleanup.h"
#include "http/sse.h"
#include "ids.h"
#include "session_json.h"
#include "thread_json.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

void tell(struct teller *t, const char *type, struct span properties, int64_t at_ms)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	if (at_ms > t->id)
		t->id = at_ms;
	if (t->is_mute)
		return;
	json_open(&b, '{');
	json_kv_string(&b, "type", type);
	json_kv_raw(&b, "properties", properties);
	if (t->is_global) {
		json_kv_string(&b, "directory", t->directory);
		json_key(&b, "payload");
		json_open(&b, '{');
		json_kv_string(&b, "type", type);
		json_kv_raw(&b, "properties", properties);
		json_close(&b, '}');
	}
	json_close(&b, '}');
	if (at_ms && !t->has_no_ids)
		buf_addf(&t->out, "id: %lld\n", (long long)t->id);
	if (!t->has_no_ids)
		buf_adds(&t->out, "data: ");
	json_add_raw_line(&line, buf_span(&b));
	buf_add_span(&t->out, buf_span(&line));
	buf_adds(&t->out, t->has_no_ids ? "\n" : "\n\n");
}

void tell_session(struct teller *t, const char *type, const struct session *session)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "sessionID", session->id);
	json_key(&b, "info");
	session_add_info(&b, session);
	json_close(&b, '}');
	tell(t, type, buf_span(&b), session->updated_ms);
}

void tell_status(struct teller *t, const char *session_id, const char *status, int64_t at_ms)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "sessionID", session_id);
	json_key(&b, "status");
	json_open(&b, '{');
	json_kv_string(&b, "type", status);
	json_close(&b, '}');
	json_close(&b, '}');
	tell(t, "session.status", buf_span(&b), at_ms);
}

static void tell_plain(struct teller *t, const char *type, const char *session_id, const char *key,
		       struct span value, int64_t at_ms)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "sessionID", session_id);
	if (key)
		json_kv_raw(&b, key, value);
	json_close(&b, '}');
	tell(t, type, buf_span(&b), at_ms);
}

/* --- messages ---------------------------------------------------------------------- */

static void tell_message(struct teller *t, const struct thread *thread, const struct message *m,
			 int64_t at_ms)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	message_add_info(&b, thread, m);
	tell_plain(t, "message.updated", thread->session_id, "info", buf_span(&b), at_ms);
}

static void tell_part(struct teller *t, const struct thread *thread, const struct message *m,
		      const struct part *part, int64_t at_ms)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "sessionID", thread->session_id);
	json_kv_string(&b, "messageID", m->id);
	json_key(&b, "part");
	part_add_json(&b, thread, m, part);
	json_kv_int(&b, "time", at_ms);
	json_close(&b, '}');
	tell(t, "message.part.updated", buf_span(&b), at_ms);
}

static void tell_edit(struct teller *t, const struct thread *thread, const struct part *part,
		      int64_t at_ms)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct json_iter it = json_iter(span_of(part->tool.content));
	struct span item;
	if (part->kind != PART_TOOL || !part->end_ms || !part->tool.content ||
	    !json_string_is(span_of(part->tool.status), "completed"))
		return;
	while (json_next(&it, NULL, &item)) {
		if (!json_string_is(json_get(item, "type"), "diff"))
			continue;
		buf_clear(&b);
		json_open(&b, '{');
		json_kv_string(&b, "sessionID", thread->session_id);
		json_kv_raw(&b, "file", json_get(item, "path"));
		json_kv_raw(&b, "path", json_get(item, "path"));
		json_close(&b, '}');
		tell(t, "file.edited", buf_span(&b), at_ms);
	}
}

/* An error is told before the idling, a message's beginning before its parts. */
static void tell_changed(struct teller *t, struct thread *thread, struct message *m, int64_t at_ms)
{
	bool is_ended = !m->is_user && !m->is_open;
	bool is_changed = m->is_changed;
	m->is_changed = false;
	if (is_changed && !is_ended)
		tell_message(t, thread, m, at_ms);
	for (size_t i = 0; i < m->part_count; i++) {
		if (!m->parts[i].is_changed)
			continue;
		m->parts[i].is_changed = false;
		tell_part(t, thread, m, &m->parts[i], at_ms);
		tell_edit(t, thread, &m->parts[i], at_ms);
	}
	if (is_changed && m->is_user)
		tell_status(t, thread->session_id, "busy", at_ms);
	if (!is_changed || !is_ended)
		return;
	tell_message(t, thread, m, at_ms);
	if (m->error_name) {
		cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
		message_add_error(&b, m);
		tell_plain(t, "session.error", thread->session_id, "error", buf_span(&b), at_ms);
	}
	tell_status(t, thread->session_id, "idle", at_ms);
	tell_plain(t, "session.idle", thread->session_id, NULL, SPAN_NONE, at_ms);
}

/* --- asks ----------------------------------------------------------------------------- */

static void tell_settled(struct teller *t, const struct thread *thread,
			 const struct thread_ask *ask, int64_t at_ms)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *id = id_of_ask(ask->is_question, thread->server_uid, ask->index);
	struct span reply = span_of(ask->reply);
	bool is_accepted =
	    ask->is_question && ask->reply && json_string_is(json_get(reply, "action"), "accept");
	json_open(&b, '{');
	json_kv_string(&b, "sessionID", thread->session_id);
	json_kv_string(&b, "requestID", id);
	if (!ask->is_question)
		json_kv_string(&b, "reply", ask->reply ? ask->reply : "reject");
	if (is_accepted) {
		json_key(&b, "answers");
		ask_add_told_answers(&b, reply);
	}
	json_close(&b, '}');
	tell(t,
	     !ask->is_question ? "permission.replied"
	     : is_accepted     ? "question.replied"
			       : "question.rejected",
	     buf_span(&b), at_ms);
}

static void tell_asks(struct teller *t, struct thread *thread, int64_t at_ms)
{
	for (size_t i = 0; i < thread->ask_count; i++) {
		struct thread_ask *ask = &thread->asks[i];
		cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
		if (!ask->is_told) {
			thread_add_ask(&b, thread, ask);
			tell(t, ask->is_question ? "question.asked" : "permission.asked",
			     buf_span(&b), at_ms);
			ask->is_told = true;
		}
		if (ask->is_settled)
			tell_settled(t, thread, ask, at_ms);
	}
}

void tell_thread(struct teller *t, struct thread *thread, int64_t at_ms)
{
	/* Answers of before the end of a turn come before it. */
	bool is_over = thread->count && !thread->messages[thread->count - 1].is_open;
	if (is_over)
		tell_asks(t, thread, at_ms);
	for (size_t i = 0; i < thread->count; i++)
		tell_changed(t, thread, &thread->messages[i], at_ms);
	if (!is_over)
		tell_asks(t, thread, at_ms);
	if (thread->has_todos_changed)
		tell_plain(t, "todo.updated", thread->session_id, "todos", span_of(thread->todos),
			   at_ms);
	thread->has_todos_changed = false;
	thread_forget(thread);
}

void tell_record(struct teller *t, struct thread *thread, const struct event *event)
{
	bool is_chunk = thread_is_chunk(event);
	if (!is_chunk)
		tell_thread(t, thread, event->at_ms);
	thread_add(thread, event);
	if (!is_chunk)
		tell_thread(t, thread, event->at_ms);
}
