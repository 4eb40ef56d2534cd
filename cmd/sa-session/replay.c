#include "replay.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum {
	WINDOW_EVENTS = 1024, /* read from the end first; more if these are not enough */
	LONG_PART = 4,	      /* an envelope above this part of the text is cut */
	PENDING_EVENTS = 256, /* how far back a transcript is looked for */
};

static const char prefix[] =
    "Previous session history is replayed below as JSON-RPC envelopes. Use it as context before "
    "responding to the latest user prompt.\n";
static const char cut_mark[] = "[history truncated]\n";

/* One envelope; that of a joined message is made when it is written. */
struct entry {
	int64_t at_ms;
	enum sender sender;
	struct buf payload;
	bool is_message; /* payload is the text of an agent_message_chunk */
	bool is_plan;	 /* the next one takes its place */
};

/* The newest ones, a ring. */
struct past {
	struct entry *entries;
	size_t room, first, count;
	int64_t until;	 /* eventIndex; later ones are not looked at */
	int64_t dropped; /* how many were too old */
};

void replay_clear(struct replay *replay)
{
	free(replay->text);
	*replay = (struct replay){.text = NULL};
}

static struct entry *entry_at(const struct past *past, size_t i)
{
	return &past->entries[(past->first + i) % past->room];
}

static void past_empty(struct past *past)
{
	for (size_t i = 0; i < past->count; i++)
		buf_free(&entry_at(past, i)->payload);
	past->first = past->count = 0;
	past->dropped = 0;
}

static void past_free(struct past *past)
{
	past_empty(past);
	free(past->entries);
}

static struct entry *past_add(struct past *past)
{
	if (past->count == past->room) {
		buf_free(&entry_at(past, 0)->payload);
		past->first = (past->first + 1) % past->room;
		past->count--;
		past->dropped++;
	}
	struct entry *e = entry_at(past, past->count++);
	*e = (struct entry){.payload = BUF_INIT(BUF_MAX_OWN)};
	return e;
}

/* --- which events ---------------------------------------------------------------------- */

static bool is_one_of(struct span value, const char *const *names)
{
	for (; *names; names++)
		if (json_string_is(value, *names))
			return true;
	return false;
}

/* Does it belong to the conversation? */
static bool is_told(const struct event *event, struct span update)
{
	static const char *const methods[] = {"session/prompt", "session/cancel",
					      "session/request_permission", "elicitation/create",
					      NULL};
	static const char *const updates[] = {"user_message_chunk", "agent_message_chunk",
					      "tool_call",	    "tool_call_update",
					      "plan",		    NULL};
	static const char *const answers[] = {"session/prompt", "session/request_permission",
					      "elicitation/create", NULL};
	if (event->answers.p) {
		for (const char *const *name = answers; *name; name++)
			if (span_is(event->answers, *name))
				return true;
		return false;
	}
	if (event->sender == SENDER_SYSTEM)
		return false;
	if (update.p)
		return is_one_of(json_get(update, "sessionUpdate"), updates);
	return is_one_of(json_get(event->payload, "method"), methods);
}

static int take_event(const struct event *event, void *arg)
{
	struct past *past = arg;
	if (event->index > past->until)
		return 1;
	struct span update = json_path(event->payload, "params.update");
	if (!is_told(event, update))
		return 0;
	bool is_message =
	    json_string_is(json_get(update, "sessionUpdate"), "agent_message_chunk") &&
	    json_type(json_path(update, "content.text")) == JSON_STRING;
	struct entry *last = past->count ? entry_at(past, past->count - 1) : NULL;
	bool is_plan = json_string_is(json_get(update, "sessionUpdate"), "plan");
	bool is_more = is_message && last && last->is_message;
	if (is_plan && last && last->is_plan)
		buf_free(&past->entries[(past->first + --past->count) % past->room].payload);
	struct entry *e = is_more ? last : past_add(past);
	if (is_message)
		json_string_add(&e->payload, json_path(update, "content.text"));
	else
		buf_add_span(&e->payload, event->payload);
	if (!is_more)
		e->at_ms = event->at_ms;
	e->sender = event->sender;
	e->is_message = is_message;
	e->is_plan = is_plan;
	return 0;
}

/* Fill past from the session's end, with as few events read as are needed. */
static int read_session(struct store *store, const struct server *server,
			const struct session *session, struct past *past, struct sa_error *err)
{
	int64_t begin = session->first_index > 0 ? session->first_index - 1 : 0;
	int64_t window = WINDOW_EVENTS;
	for (;;) {
		int64_t after = past->until > window ? past->until - window : 0;
		after = after > begin ? after : begin;
		past_empty(past);
		if (store_each_event(store, server, session->id, after, 0, take_event, past, err) <
		    0)
			return -1;
		/* The oldest one may be half a message when the window begins in it. */
		if (after == begin || past->dropped)
			return 0;
		window *= 8;
	}
}

/* --- forks ------------------------------------------------------------------------------- */

/* The past of the parent in front of what there is. */
static void prepend(struct past *past, struct past *older)
{
	size_t room = past->room - past->count;
	size_t from = older->count > room ? older->count - room : 0;
	struct entry *all = xcalloc(past->room, sizeof(*all));
	size_t count = 0;
	for (size_t i = 0; i < older->count; i++) {
		if (i < from)
			buf_free(&entry_at(older, i)->payload);
		else
			all[count++] = *entry_at(older, i);
	}
	for (size_t i = 0; i < past->count; i++)
		all[count++] = *entry_at(past, i);
	past->dropped += older->dropped + (int64_t)from;
	older->count = 0;
	free(past->entries);
	past->entries = all;
	past->first = 0;
	past->count = count;
}

static int read_parents(struct store *store, const struct session *session, struct past *past,
			struct sa_error *err)
{
	cleanup_free char *id = session->parent_id ? xstrdup(session->parent_id) : NULL;
	int64_t until = session->parent_index;
	for (int depth = 0; id && past->count < past->room && depth < REPLAY_PARENTS_MAX; depth++) {
		cleanup_session struct session parent = {.id = NULL};
		cleanup_server struct server server = {.key = 0};
		struct sa_error gone = SA_ERROR_INIT;
		struct past older = {.room = past->room, .until = until};
		if (store_get_session(store, id, &parent, &gone) < 0) {
			past->dropped++;
			return 0; /* it was removed: what is left must do */
		}
		if (store_get_server(store, parent.server_key, &server, err) < 0)
			return -1;
		older.entries = xcalloc(older.room, sizeof(*older.entries));
		int rc = read_session(store, &server, &parent, &older, err);
		if (rc == 0)
			prepend(past, &older);
		past_free(&older);
		if (rc < 0)
			return -1;
		free(id);
		id = parent.parent_id ? xstrdup(parent.parent_id) : NULL;
		until = parent.parent_index;
	}
	return 0;
}

/* --- the text ---------------------------------------------------------------------------- */

static int64_t count_chars(struct span text)
{
	int64_t count = 0;
	for (size_t i = 0; i < text.n; i++)
		count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return count;
}

static void add_message(struct buf *b, const struct session *session, struct span text)
{
	json_open(b, '{');
	json_kv_string(b, "jsonrpc", "2.0");
	json_kv_string(b, "method", "session/update");
	json_key(b, "params");
	json_open(b, '{');
	json_kv_string(b, "sessionId", session->agent_session_id);
	buf_adds(b, ",\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":"
		    "{\"type\":\"text\"");
	json_kv_span(b, "text", text);
	buf_adds(b, "}}}}");
}

/* A line of its own, cut when it is longer than max_bytes. Was it cut? */
static bool add_line(struct buf *b, const struct session *session, const struct entry *e,
		     size_t max_bytes)
{
	struct span payload = buf_span(&e->payload);
	bool is_cut = payload.n > max_bytes;
	json_open(b, '{');
	json_kv_int(b, "createdAt", e->at_ms);
	json_kv_string(b, "sender", sender_name(e->sender));
	if (is_cut) {
		json_kv_int(b, "omittedBytes", (int64_t)(payload.n - utf8_cut(payload, max_bytes)));
		payload.n = utf8_cut(payload, max_bytes);
	}
	json_key(b, is_cut && !e->is_message ? "head" : "payload");
	if (e->is_message)
		add_message(b, session, payload);
	else if (is_cut)
		json_add_string(b, payload);
	else
		json_add_raw_line(b, payload);
	json_close(b, '}');
	buf_addc(b, '\n');
	return is_cut;
}

/* The newest lines that fit, in order. */
static void write_text(const struct session *session, const struct past *past, int64_t max_chars,
		       struct replay *ret)
{
	size_t max_bytes = (size_t)max_chars / LONG_PART;
	struct buf *lines = xcalloc(past->count + 1, sizeof(*lines));
	int64_t left = max_chars - (int64_t)(sizeof(prefix) + sizeof(cut_mark) - 2);
	size_t first = past->count;
	bool is_cut = past->dropped > 0;
	while (first > 0) {
		struct buf *line = &lines[first - 1];
		buf_init(line, BUF_MAX_OWN);
		bool was_cut = add_line(line, session, entry_at(past, first - 1), max_bytes);
		left -= count_chars(buf_span(line));
		if (left < 0)
			break;
		is_cut = is_cut || was_cut;
		first--;
	}
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	ret->is_truncated = is_cut || first > 0;
	ret->events = (int64_t)(past->count - first);
	buf_adds(&text, prefix);
	if (ret->is_truncated)
		buf_adds(&text, cut_mark);
	for (size_t i = first; i < past->count; i++)
		buf_add_span(&text, buf_span(&lines[i]));
	for (size_t i = 0; i < past->count; i++)
		buf_free(&lines[i]);
	free(lines);
	ret->chars = count_chars(buf_span(&text));
	ret->text = buf_take(&text);
}

int replay_read(struct store *store, const struct server *server, const struct session *session,
		int64_t at, const struct replay_limits *limits, struct replay *ret,
		struct sa_error *err)
{
	int64_t max_events = limits->max_events > 0 ? limits->max_events : REPLAY_EVENTS;
	int64_t max_chars = limits->max_chars > 0 ? limits->max_chars : REPLAY_CHARS;
	struct past past = {.room = (size_t)max_events,
			    .until = at > 0 ? at : server->last_index};
	past.entries = xcalloc(past.room, sizeof(*past.entries));
	int rc = read_session(store, server, session, &past, err);
	if (rc == 0)
		rc = read_parents(store, session, &past, err);
	*ret = (struct replay){.text = NULL};
	if (rc == 0 && past.count)
		write_text(session, &past, max_chars, ret);
	past_free(&past);
	return rc;
}

/* --- is one under way? ------------------------------------------------------------------- */

static int look_at(const struct event *event, void *arg)
{
	bool *is_pending = arg;
	struct span method = json_get(event->payload, "method");
	if (event->sender == SENDER_SYSTEM && (json_string_is(method, "_adapter/session_resumed") ||
					       json_string_is(method, "_adapter/session_forked")))
		*is_pending =
		    json_string_is(json_path(event->payload, "params.via"), "transcript");
	else if (span_is(event->answers, "session/prompt") && json_get(event->payload, "result").p)
		*is_pending = false;
	return 0;
}

int replay_is_pending(struct store *store, const struct server *server,
		      const struct session *session, bool *ret, struct sa_error *err)
{
	int64_t after;
	*ret = false;
	if (store_tail_index(store, server, session->id, PENDING_EVENTS, &after, err) < 0)
		return -1;
	return store_each_event(store, server, session->id, after, 0, look_at, ret, err);
}
