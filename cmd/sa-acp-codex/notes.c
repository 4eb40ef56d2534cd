#include "notes.h"

#include "approval.h"
#include "base/cleanup.h"
#include "codex.h"
#include "item.h"
#include "session.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

static void on_item_started(struct session *session, struct span params)
{
	item_started(session, json_get(params, "item"));
}

static void on_item_completed(struct session *session, struct span params)
{
	item_completed(session, json_get(params, "item"));
}

static void on_message_delta(struct session *session, struct span params)
{
	item_delta(session, "agent_message_chunk", json_get(params, "itemId"),
		   json_get(params, "delta"));
}

static void on_thought_delta(struct session *session, struct span params)
{
	item_delta(session, "agent_thought_chunk", json_get(params, "itemId"),
		   json_get(params, "delta"));
}

/* A further paragraph of a summary. */
static void on_part_added(struct session *session, struct span params)
{
	if (json_int_or(json_get(params, "summaryIndex"), 0) > 0)
		item_delta(session, "agent_thought_chunk", json_get(params, "itemId"),
			   SPAN_LIT("\"\\n\\n\""));
}

static void on_output_delta(struct session *session, struct span params)
{
	item_output(session, json_get(params, "itemId"), json_get(params, "delta"));
}

static void on_plan(struct session *session, struct span params)
{
	struct adapter *adapter = session->base.adapter;
	struct buf *b = adapter_update_open(adapter, session->base.id, "plan");
	struct json_iter it = json_iter(json_get(params, "plan"));
	struct span step;
	json_key(b, "entries");
	json_open(b, '[');
	while (json_next(&it, NULL, &step)) {
		struct span status = json_get(step, "status");
		if (json_type(json_get(step, "step")) != JSON_STRING)
			continue;
		json_open(b, '{');
		json_kv_raw(b, "content", json_get(step, "step"));
		json_kv_string(b, "priority", "medium");
		json_kv_raw(b, "status",
			    json_string_is(status, "inProgress") ? SPAN_LIT("\"in_progress\"")
								 : status);
		json_close(b, '}');
	}
	json_close(b, ']');
	adapter_update_close(adapter);
}

static void on_usage(struct session *session, struct span params)
{
	turn_usage(session, json_get(params, "tokenUsage"));
}

static void on_turn_started(struct session *session, struct span params)
{
	turn_started(session, json_get(params, "turn"));
}

static void on_turn_completed(struct session *session, struct span params)
{
	turn_completed(session, json_get(params, "turn"));
}

static void on_name(struct session *session, struct span params)
{
	struct adapter *adapter = session->base.adapter;
	struct span name = json_get(params, "threadName");
	if (json_type(name) != JSON_STRING)
		return;
	struct buf *b = adapter_update_open(adapter, session->base.id, "session_info_update");
	json_kv_raw(b, "title", name);
	adapter_update_close(adapter);
}

static void on_resolved(struct session *session, struct span params)
{
	approval_resolved(session, json_get(params, "requestId"));
}

struct note {
	const char *method;
	void (*fn)(struct session *session, struct span params);
};

static const struct note notes[] = {
    {"item/agentMessage/delta", on_message_delta},
    {"item/plan/delta", on_message_delta},
    {"item/reasoning/summaryTextDelta", on_thought_delta},
    {"item/reasoning/textDelta", on_thought_delta},
    {"item/reasoning/summaryPartAdded", on_part_added},
    {"item/commandExecution/outputDelta", on_output_delta},
    {"item/started", on_item_started},
    {"item/completed", on_item_completed},
    {"turn/plan/updated", on_plan},
    {"turn/started", on_turn_started},
    {"turn/completed", on_turn_completed},
    {"thread/tokenUsage/updated", on_usage},
    {"thread/name/updated", on_name},
    {"serverRequest/resolved", on_resolved},
};

void notes_notification(struct codex *codex, const struct envelope *envelope)
{
	struct session *session =
	    sessions_find(&codex->adapter, json_get(envelope->params, "threadId"));
	if (!session || session->base.is_gone || session->base.state != SESSION_READY)
		return; /* of a sub-agent's thread, or of none */
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		if (envelope_is(envelope, notes[i].method)) {
			notes[i].fn(session, envelope->params);
			return;
		}
}

void notes_request(struct codex *codex, const struct envelope *envelope)
{
	struct session *session =
	    sessions_find(&codex->adapter, json_get(envelope->params, "threadId"));
	if (!session || session->base.is_gone || !approval_request(session, envelope))
		server_refuse(codex, envelope->id, "not supported by this client");
}
