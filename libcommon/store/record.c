#include "store/record.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void server_clear(struct server *s)
{
	free(s->id);
	free(s->uid);
	free(s->agent);
	free(s->command_json);
	free(s->cwd);
	free(s->socket_dir);
	free(s->cgroup);
	free(s->initialize_json);
	free(s->end_reason);
	free(s->host);
	free(s->credentials);
	free(s->settings_json);
	*s = (struct server){.key = 0};
}

void session_clear(struct session *s)
{
	free(s->id);
	free(s->server_id);
	free(s->agent);
	free(s->agent_session_id);
	free(s->cwd);
	free(s->title);
	free(s->mode);
	free(s->model);
	free(s->end_reason);
	free(s->modes_json);
	free(s->models_json);
	free(s->options_json);
	free(s->open_json);
	free(s->resumed_by);
	free(s->parent_id);
	*s = (struct session){.id = NULL};
}

void ask_clear(struct ask *a)
{
	free(a->session_id);
	free(a->method);
	free(a->rpc_id);
	free(a->answer_json);
	free(a->settled_by);
	free(a->reason);
	*a = (struct ask){.index = 0};
}

void prompt_clear(struct prompt *p)
{
	free(p->session_id);
	free(p->payload);
	*p = (struct prompt){.number = 0};
}

static const char *const server_states[] = {"running", "ended", "closed"};
static const char *const session_states[] = {"starting", "idle",   "running",
					     "waiting",	 "closed", "interrupted"};
static const char *const senders[] = {"client", "agent", "system"};
static const char *const ask_states[] = {"open", "answered", "cancelled", "lost",
					 "expired"};

const char *server_state_name(enum server_state state)
{
	return (size_t)state < ARRAY_SIZE(server_states) ? server_states[state] : "unknown";
}

const char *session_state_name(enum session_state state)
{
	return (size_t)state < ARRAY_SIZE(session_states) ? session_states[state] : "unknown";
}

const char *sender_name(enum sender sender)
{
	return (size_t)sender < ARRAY_SIZE(senders) ? senders[sender] : "unknown";
}

const char *ask_state_name(enum ask_state state)
{
	return (size_t)state < ARRAY_SIZE(ask_states) ? ask_states[state] : "unknown";
}

bool session_state_is_over(enum session_state state)
{
	return state == SESSION_CLOSED || state == SESSION_INTERRUPTED;
}

bool session_state_is_live(enum session_state state)
{
	return !session_state_is_over(state) && state != SESSION_STARTING;
}

void event_id_add(struct buf *b, const char *server_uid, int64_t index)
{
	buf_adds(b, server_uid);
	buf_addc(b, '-');
	buf_add_int(b, index);
}

int event_id_parse(struct span text, struct span *ret_uid, int64_t *ret_index)
{
	size_t dash = text.n;
	while (dash && text.p[dash - 1] != '-')
		dash--;
	if (dash < 2)
		return -1;
	*ret_uid = (struct span){text.p, dash - 1};
	return num_parse_i64((struct span){text.p + dash, text.n - dash}, 1, INT64_MAX, ret_index);
}

void event_add_json(struct buf *b, const struct event *e)
{
	/* The hot path: one record per update of an agent. sa-events relies on this order
	 * where it can. */
	buf_reserve(b, e->payload.n + 256);
	buf_adds(b, "{\"id\":\"");
	event_id_add(b, e->server_uid, e->index);
	buf_adds(b, "\",\"eventIndex\":");
	buf_add_int(b, e->index);
	if (e->sender != SENDER_CLIENT) {
		buf_adds(b, ",\"streamIndex\":");
		buf_add_int(b, e->stream_index);
	}
	json_kv_span(b, "sessionId", e->session_id);
	json_kv_string(b, "serverId", e->server_id);
	json_kv_time(b, "createdAt", e->at_ms);
	buf_adds(b, ",\"sender\":\"");
	buf_adds(b, sender_name(e->sender));
	buf_addc(b, '"');
	json_kv_span(b, "answers", e->answers);
	if (e->raw.p) {
		json_key(b, "rawBase64");
		buf_addc(b, '"');
		base64_add(b, e->raw);
		buf_addc(b, '"');
	}
	buf_adds(b, ",\"payload\":");
	buf_add_span(b, e->payload);
	buf_adds(b, "}\n");
}

void session_open_json(struct buf *b, const struct session *s)
{
	json_open(b, '{');
	json_kv_string(b, "id", s->id);
	json_kv_string(b, "serverId", s->server_id);
	json_kv_string(b, "agent", s->agent);
	json_kv_string(b, "agentSessionId", s->agent_session_id);
	json_kv_string(b, "cwd", s->cwd);
	json_kv_string(b, "state", session_state_name(s->state));
	json_kv_string(b, "title", s->title);
	json_kv_string(b, "mode", s->mode);
	json_kv_string(b, "model", s->model);
	json_kv_string(b, "endReason", s->end_reason);
	json_kv_string(b, "resumedBy", s->resumed_by);
	json_kv_string(b, "parentId", s->parent_id);
	if (s->parent_id)
		json_kv_int(b, "parentIndex", s->parent_index);
	json_kv_time(b, "createdAt", s->created_ms);
	json_kv_time(b, "updatedAt", s->updated_ms);
}

void server_add_json(struct buf *b, const struct server *s, bool is_alive)
{
	json_open(b, '{');
	json_kv_string(b, "serverId", s->id);
	json_kv_string(b, "agent", s->agent);
	json_kv_string(b, "state", server_state_name(s->state));
	json_kv_string(b, "cwd", s->cwd);
	json_kv_raw(b, "command", span_of(s->command_json));
	json_kv_raw(b, "settings", span_of(s->settings_json));
	if (is_alive) {
		json_kv_int(b, "supervisorPid", s->supervisor.pid);
		json_kv_int(b, "agentPid", s->agent_process.pid);
	}
	json_kv_int(b, "eventIndex", s->last_index);
	json_kv_string(b, "endReason", s->end_reason);
	json_kv_int(b, "createdAtMs", s->created_ms);
	json_kv_time(b, "createdAt", s->created_ms);
	json_kv_time(b, "updatedAt", s->updated_ms);
	buf_adds(b, "}\n");
}

char *prompt_payload_with(const char *payload, struct span blocks, struct sa_error *err)
{
	struct span old = json_path(span_of(payload), "params.prompt");
	if (json_type(blocks) != JSON_ARRAY || !old.p) {
		error_set(err, PROBLEM_INVALID_REQUEST, "a prompt is an array of content blocks");
		return NULL;
	}
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_add(&b, payload, (size_t)(old.p - payload));
	buf_add_span(&b, blocks);
	buf_adds(&b, old.p + old.n);
	return buf_take(&b);
}

void prompt_add_json(struct buf *b, const struct prompt *p, int64_t position, bool is_waited)
{
	char number[32];
	struct span prompt = json_path(span_of(p->payload), "params.prompt");
	snprintf(number, sizeof(number), "%lld", (long long)p->number);
	json_open(b, '{');
	json_kv_string(b, "id", number);
	json_kv_string(b, "sessionId", p->session_id);
	json_kv_int(b, "position", position);
	json_kv_time(b, "createdAt", p->created_ms);
	json_kv_bool(b, "isWaited", is_waited);
	json_kv_int(b, "bytes", (int64_t)prompt.n);
	if (prompt.n <= PROMPT_SHOWN_BYTES)
		json_kv_raw(b, "prompt", prompt);
	buf_adds(b, "}\n");
}

void ask_add_json(struct buf *b, const struct ask *a, const struct server *server,
		  struct span event_payload)
{
	json_open(b, '{');
	buf_adds(b, "\"id\":\"");
	event_id_add(b, server->uid, a->index);
	buf_addc(b, '"');
	json_kv_string(b, "sessionId", a->session_id);
	json_kv_string(b, "serverId", server->id);
	json_kv_string(b, "agent", server->agent);
	json_kv_string(b, "method", a->method);
	json_kv_string(b, "state", ask_state_name(a->state));
	json_kv_time(b, "createdAt", a->created_ms);
	json_kv_time(b, "deadlineAt", a->deadline_ms);
	json_kv_time(b, "settledAt", a->settled_ms);
	json_kv_string(b, "settledBy", a->settled_by);
	json_kv_string(b, "reason", a->reason);
	json_kv_raw(b, "answer", span_of(a->answer_json));
	json_kv_raw(b, "payload", event_payload);
	buf_adds(b, "}\n");
}
