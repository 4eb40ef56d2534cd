#include "batch.h"

#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "clients.h"
#include "prompts.h"
#include "sessions.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Offsets into bytes, because bytes moves while it grows. len of "none": SIZE_MAX. */
struct piece {
	size_t at;
	size_t len;
};

struct batch_event {
	int64_t index, stream_index, at_ms;
	enum sender sender;
	struct piece session_id, answers, payload, raw;
};

struct delivery {
	enum delivery_type type;
	uint64_t client;
	int64_t ref;
	int64_t index;
	int64_t turns, number; /* of a queued prompt */
};

struct batch {
	struct buf bytes;
	struct batch_event *events;
	size_t event_count, event_room;
	struct delivery *deliveries;
	size_t delivery_count, delivery_room;
	struct event *views; /* scratch, event_room of them */
	size_t *ends;	     /* likewise: where the frame of each event ends */
	struct buf frames;
	bool has_agent_event;
	bool has_urgent_delivery;
};

struct batch *batch_new(void)
{
	struct batch *batch = xcalloc(1, sizeof(*batch));
	buf_init(&batch->bytes, BUF_MAX_OWN);
	buf_init(&batch->frames, BUF_MAX_OWN);
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	buf_free(&batch->bytes);
	buf_free(&batch->frames);
	free(batch->events);
	free(batch->views);
	free(batch->ends);
	free(batch->deliveries);
	free(batch);
}

static struct piece keep(struct batch *batch, struct span s)
{
	if (!s.p)
		return (struct piece){0, SIZE_MAX};
	struct piece piece = {batch->bytes.len, s.n};
	buf_add(&batch->bytes, s.p, s.n);
	return piece;
}

static struct span view(const struct batch *batch, struct piece piece)
{
	if (piece.len == SIZE_MAX)
		return SPAN_NONE;
	return (struct span){batch->bytes.data ? batch->bytes.data + piece.at : "", piece.len};
}

int64_t batch_add_event(struct supervisor *sv, enum sender sender, struct span session_id,
			struct span payload, struct span raw, struct span answers)
{
	struct batch *batch = sv->batch;
	if (batch->event_count == batch->event_room) {
		batch->event_room = batch->event_room ? batch->event_room * 2 : 16;
		batch->events =
		    xreallocarray(batch->events, batch->event_room, sizeof(*batch->events));
		batch->views =
		    xreallocarray(batch->views, batch->event_room, sizeof(*batch->views));
		batch->ends = xreallocarray(batch->ends, batch->event_room, sizeof(*batch->ends));
	}
	struct batch_event *e = &batch->events[batch->event_count++];
	if (sender != SENDER_CLIENT) {
		sv->server.last_stream_index++;
		batch->has_agent_event = true;
	}
	*e = (struct batch_event){
	    .index = ++sv->server.last_index,
	    .stream_index = sv->server.last_stream_index,
	    .at_ms = clock_now_ms(),
	    .sender = sender,
	    .session_id = keep(batch, session_id),
	    .answers = keep(batch, answers),
	    .payload = keep(batch, payload),
	    .raw = keep(batch, raw),
	};
	return e->index;
}

void batch_add_notice(struct supervisor *sv, const struct session_track *session,
		      const char *method, struct span params)
{
	cleanup_buf struct buf payload = BUF_INIT(BUF_MAX_OWN);
	json_open(&payload, '{');
	json_kv_string(&payload, "jsonrpc", "2.0");
	json_kv_string(&payload, "method", method);
	json_kv_raw(&payload, "params", params);
	json_close(&payload, '}');
	batch_add_event(sv, SENDER_SYSTEM, sessions_id(session), buf_span(&payload), SPAN_NONE,
			SPAN_NONE);
}

void batch_add_delivery(struct supervisor *sv, enum delivery_type type, uint64_t client,
			int64_t ref, int64_t index)
{
	struct batch *batch = sv->batch;
	if (batch->delivery_count == batch->delivery_room) {
		batch->delivery_room = batch->delivery_room ? batch->delivery_room * 2 : 16;
		batch->deliveries = xreallocarray(batch->deliveries, batch->delivery_room,
						  sizeof(*batch->deliveries));
	}
	batch->deliveries[batch->delivery_count++] =
	    (struct delivery){type, client, ref, index, 0, 0};
	/* That a message is on its way may be told together with what the agent says to it. */
	batch->has_urgent_delivery |= type != DELIVER_ACCEPTED;
}

void batch_add_queued(struct supervisor *sv, uint64_t client, int64_t ref, int64_t turns,
		      int64_t number)
{
	struct batch *batch = sv->batch;
	batch_add_delivery(sv, DELIVER_QUEUED, client, ref, sv->server.last_index);
	batch->deliveries[batch->delivery_count - 1].turns = turns;
	batch->deliveries[batch->delivery_count - 1].number = number;
}

static bool has_dirty(const struct supervisor *sv)
{
	for (const struct session_track *t = sv->sessions; t; t = t->next)
		if (t->is_dirty)
			return true;
	for (const struct ask_track *t = sv->asks; t; t = t->next)
		if (t->is_dirty)
			return true;
	return prompts_is_dirty(sv);
}

bool batch_is_empty(const struct supervisor *sv)
{
	return sv->batch->event_count == 0 && sv->batch->delivery_count == 0;
}

size_t batch_event_count(const struct supervisor *sv)
{
	return sv->batch->event_count;
}

size_t batch_bytes(const struct supervisor *sv)
{
	return sv->batch->bytes.len;
}

bool batch_is_urgent(const struct supervisor *sv)
{
	const struct batch *batch = sv->batch;
	if (batch->has_agent_event || batch->has_urgent_delivery)
		return true;
	/* Rows that changed with a client's message alone go with it. */
	return batch->event_count == 0 && (batch->delivery_count > 0 || has_dirty(sv));
}

static void fill_views(struct supervisor *sv)
{
	struct batch *batch = sv->batch;
	for (size_t i = 0; i < batch->event_count; i++) {
		const struct batch_event *e = &batch->events[i];
		batch->views[i] = (struct event){
		    .server_id = sv->server.id,
		    .server_uid = sv->server.uid,
		    .index = e->index,
		    .stream_index = e->stream_index,
		    .session_id = view(batch, e->session_id),
		    .at_ms = e->at_ms,
		    .sender = e->sender,
		    .answers = view(batch, e->answers),
		    .payload = view(batch, e->payload),
		    .raw = view(batch, e->raw),
		};
	}
}

/* The dirty rows, as arrays that the caller frees; everything dirty when the batch is retried. */
static size_t dirty_sessions(struct supervisor *sv, const struct session ***ret)
{
	size_t count = 0;
	*ret = NULL;
	for (struct session_track *t = sv->sessions; t; t = t->next)
		count += t->is_dirty;
	if (count == 0)
		return 0;
	*ret = xcalloc(count, sizeof(**ret));
	size_t i = 0;
	for (struct session_track *t = sv->sessions; t; t = t->next)
		if (t->is_dirty) {
			t->record.updated_ms = clock_now_ms();
			(*ret)[i++] = &t->record;
		}
	return count;
}

static size_t dirty_asks(struct supervisor *sv, const struct ask ***ret)
{
	size_t count = 0;
	*ret = NULL;
	for (struct ask_track *t = sv->asks; t; t = t->next)
		count += t->is_dirty;
	if (count == 0)
		return 0;
	*ret = xcalloc(count, sizeof(**ret));
	size_t i = 0;
	for (struct ask_track *t = sv->asks; t; t = t->next)
		if (t->is_dirty)
			(*ret)[i++] = &t->record;
	return count;
}

static int commit(struct supervisor *sv, struct sa_error *err)
{
	struct batch *batch = sv->batch;
	cleanup_free const struct session **sessions = NULL;
	cleanup_free const struct ask **asks = NULL;
	cleanup_free const struct prompt **prompts = NULL;
	struct store_batch rows = {
	    .server = &sv->server,
	    .events = batch->views,
	    .event_count = batch->event_count,
	};
	rows.session_count = dirty_sessions(sv, &sessions);
	rows.sessions = sessions;
	rows.ask_count = dirty_asks(sv, &asks);
	rows.asks = asks;
	rows.prompt_count = prompts_dirty(sv, &prompts);
	rows.prompts = prompts;
	rows.gone_prompts = sv->gone_prompts;
	rows.gone_prompt_count = sv->gone_prompt_count;
	return store_commit(sv->store, &rows, err);
}

static void mark_clean(struct supervisor *sv)
{
	for (struct session_track *t = sv->sessions; t; t = t->next)
		if (t->is_dirty)
			sessions_mark_clean(t);
	prompts_mark_clean(sv);
	for (struct ask_track **at = &sv->asks; *at;) {
		struct ask_track *t = *at;
		t->is_dirty = false;
		if (t->record.state == ASK_OPEN) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		sv->ask_count--;
		asks_free_one(t);
	}
}

/* Frames are made once for all followers, and shown in groups so that they stay small. */
static void show_frames(struct supervisor *sv)
{
	struct batch *batch = sv->batch;
	struct buf *frames = &batch->frames;
	for (size_t i = 0, first = 0; i < batch->event_count; i++) {
		event_add_json(frames, &batch->views[i]);
		batch->ends[i] = frames->len;
		if (frames->len < SHOW_BYTES && i + 1 < batch->event_count)
			continue;
		const struct event_group group = {
		    .events = batch->views + first,
		    .ends = batch->ends + first,
		    .count = i + 1 - first,
		    .frames = frames->data,
		};
		clients_show_events(sv, &group);
		buf_clear(frames);
		first = i + 1;
	}
	buf_shrink(frames);
}

static void show(struct supervisor *sv)
{
	struct batch *batch = sv->batch;
	if (clients_have_follower(sv))
		show_frames(sv);
	int64_t first = batch->event_count ? batch->views[0].index : 0;
	for (size_t i = 0; i < batch->delivery_count; i++) {
		const struct delivery *d = &batch->deliveries[i];
		size_t at = (size_t)(d->index - first);
		if (d->type == DELIVER_QUEUED)
			clients_tell_queued(sv, d->client, d->ref, d->index, d->turns, d->number);
		else
			clients_deliver(sv, d->type, d->client, d->ref, d->index,
					at < batch->event_count ? &batch->views[at] : NULL);
	}
}

static void empty(struct batch *batch)
{
	batch->has_agent_event = batch->has_urgent_delivery = false;
	batch->event_count = 0;
	batch->delivery_count = 0;
	buf_clear(&batch->bytes);
	buf_shrink(&batch->bytes);
}

/* The store does not take it: keep everything, say so once, try again soon. */
static void on_refused(struct supervisor *sv, const struct sa_error *err)
{
	sv->store_retry_at = clock_monotonic_ms() + STORE_RETRY_MS;
	if (sv->store_problem && strcmp(sv->store_problem, err->message) == 0)
		return;
	free(sv->store_problem);
	sv->store_problem = xstrdup(err->message);
	sv->store_problem_kind = err->kind;
	fprintf(stderr, "sa-supervise: %s (waiting)\n", err->message);
	clients_tell_store_problem(sv, err);
}

/*
 * A bounded store gave up the oldest turns: said with the next batch that
 * there is anyway, so that saying it never makes room for itself for ever.
 */
static void tell_forgotten(struct supervisor *sv)
{
	struct batch *batch = sv->batch;
	cleanup_buf struct buf payload = BUF_INIT(BUF_MAX_OWN);
	if (sv->forgotten == 0 || batch->event_count == 0)
		return;
	struct span session = view(batch, batch->events[batch->event_count - 1].session_id);
	cleanup_free char *id = session.p ? xmemdup0(session.p, session.n) : NULL;
	buf_adds(&payload, "{\"jsonrpc\":\"2.0\",\"method\":\"_adapter/history_trimmed\","
			   "\"params\":{");
	json_kv_int(&payload, "events", sv->forgotten);
	buf_adds(&payload, "}}");
	batch_add_event(sv, SENDER_SYSTEM, span_of(id), buf_span(&payload), SPAN_NONE, SPAN_NONE);
	sv->forgotten = 0;
}

bool batch_flush(struct supervisor *sv)
{
	struct sa_error err = SA_ERROR_INIT;
	if (batch_is_empty(sv) && !has_dirty(sv))
		return true;
	if (sv->store_retry_at && clock_monotonic_ms() < sv->store_retry_at)
		return false;
	tell_forgotten(sv);
	fill_views(sv);
	if (commit(sv, &err) < 0) {
		on_refused(sv, &err);
		return false;
	}
	sv->store_retry_at = 0;
	sv->forgotten += store_take_forgotten(sv->store);
	/* It went to a spool: the store tries again sooner than it said before. */
	if (store_is_away(sv->store))
		sv->store_tick_at = 0;
	free(sv->store_problem);
	sv->store_problem = NULL;
	mark_clean(sv);
	show(sv);
	empty(sv->batch);
	return true;
}
