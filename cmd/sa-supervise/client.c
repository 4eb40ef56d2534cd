#include "client.h"

#include "asks.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/utf8.h"
#include "batch.h"
#include "clients.h"
#include "life.h"
#include "origin.h"
#include "prompts.h"
#include "sessions.h"
#include "settle.h"
#include "traffic.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* The members that ops have; the meaning of each is in clients.h. */
enum field {
	F_OP,
	F_REF,
	F_PAYLOAD,
	F_SESSION_NAME,
	F_HIDE_REPLAY,
	F_SESSION_ID,
	F_WHEN,
	F_DETACHED,
	F_EVENT_ID,
	F_RESULT,
	F_ERROR,
	F_AFTER,
	F_OUTCOME,
	F_REASON,
	F_GRACE,
	F_EXPAND,
	F_TIED,
	F_HOSTS,
	F_PRIMER,
	F_ABOUT,
	F_PARENT_ID,
	F_PARENT_INDEX,
	F_BY,
	F_PRESENT,
	F_TITLE,
	F_PROMPT_ID,
	F_PROMPT,
	F_COUNT,
};
static const char *const field_names[F_COUNT] = {
    "op",	   "ref",     "payload", "sessionName", "hideReplay", "sessionId", "when",
    "detached",	   "eventId", "result",	 "error",	"after",      "outcome",   "reason",
    "graceMs",	   "expand",  "tied",	 "hosts",	"primer",     "about",	   "parentId",
    "parentIndex", "by",      "present", "title",	"promptId",   "prompt"};

/* Who answers, as it says; NULL when it does not. */
static char *who(struct span json)
{
	char *text = json_string_dup(json);
	if (text && strlen(text) > WHO_BYTES_MAX)
		text[utf8_cut(span_of(text), WHO_BYTES_MAX)] = '\0';
	return text;
}

static int op_send(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	cleanup_free char *name = json_string_dup(f[F_SESSION_NAME]);
	struct origin origin = {.primer = NULL};
	if (origin_read(f[F_PRIMER], f[F_ABOUT], f[F_PARENT_ID], f[F_PARENT_INDEX], &origin, err) <
	    0)
		return -1;
	cleanup_free char *by = who(f[F_BY]);
	struct client_message message = {
	    .client = c->serial,
	    .ref = ref,
	    .payload = f[F_PAYLOAD],
	    .origin = &origin,
	    .session_name = name,
	    .is_replay_hidden = json_bool_or(f[F_HIDE_REPLAY], false),
	    .is_expanding = json_bool_or(f[F_EXPAND], false),
	    .is_hosting = json_bool_or(f[F_HOSTS], false),
	    .by = by,
	};
	int rc = traffic_from_client(c->sv, &message, err);
	origin_clear(&origin);
	return rc;
}

static int op_prompt(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	cleanup_free char *session = json_string_dup(f[F_SESSION_ID]);
	enum prompt_when when = json_string_is(f[F_WHEN], "now")	 ? PROMPT_NOW
				: json_string_is(f[F_WHEN], "reject")	 ? PROMPT_REJECT
				: json_string_is(f[F_WHEN], "interrupt") ? PROMPT_INTERRUPT
									 : PROMPT_QUEUE;
	if (!session)
		return error_set(err, PROBLEM_INVALID_REQUEST, "prompt wants a sessionId");
	struct client_message message = {.client = c->serial, .ref = ref, .payload = f[F_PAYLOAD]};
	return prompts_take(c->sv, session, when, json_bool_or(f[F_DETACHED], false), &message,
			    err);
}

static struct session_track *session_of(struct client *c, const struct span *f,
					struct sa_error *err)
{
	cleanup_free char *id = json_string_dup(f[F_SESSION_ID]);
	struct session_track *session = id ? sessions_find(c->sv, id) : NULL;
	if (!session)
		error_set(err, PROBLEM_SESSION_NOT_FOUND, "no session '%s' here", id ? id : "");
	return session;
}

static int op_unqueue(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	const struct session_track *session = session_of(c, f, err);
	struct sa_error problem = SA_ERROR_INIT;
	if (!session)
		return -1;
	error_set(&problem, PROBLEM_CONFLICT, "the prompt was taken out of the queue");
	prompts_drop(c->sv, session, &problem);
	batch_add_delivery(c->sv, DELIVER_SETTLED, c->serial, ref, c->sv->server.last_index);
	return 0;
}

static int op_queue(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	const struct session_track *session = session_of(c, f, err);
	if (!session)
		return -1;
	json_open(&c->out, '{');
	json_kv_string(&c->out, "type", "queue");
	json_kv_int(&c->out, "ref", ref);
	json_key(&c->out, "payload");
	prompts_add_list(c->sv, session, &c->out);
	buf_adds(&c->out, "}\n");
	return 0;
}

static int change_queued(struct client *c, const struct span *f, bool is_edit, int64_t ref,
			 struct sa_error *err)
{
	const struct session_track *session = session_of(c, f, err);
	cleanup_free char *text = json_string_dup(f[F_PROMPT_ID]);
	cleanup_free char *by = who(f[F_BY]);
	int64_t number;
	if (!session)
		return -1;
	if (!text || num_parse_i64(span_of(text), 1, INT64_MAX, &number) < 0)
		return error_set(err, PROBLEM_NOT_FOUND, "no prompt '%s' waits", text ? text : "");
	int rc = is_edit ? prompts_edit(c->sv, session, number, f[F_PROMPT], by, err)
			 : prompts_drop_one(c->sv, session, number, by, err);
	if (rc == 0)
		batch_add_delivery(c->sv, DELIVER_SETTLED, c->serial, ref,
				   c->sv->server.last_index);
	return rc;
}

static int op_queue_drop(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	return change_queued(c, f, false, ref, err);
}

static int op_queue_edit(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	return change_queued(c, f, true, ref, err);
}

static int op_title(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	struct session_track *session = session_of(c, f, err);
	if (!session)
		return -1;
	if (json_type(f[F_TITLE]) != JSON_STRING)
		return error_set(err, PROBLEM_INVALID_REQUEST, "title wants a title: a string");
	sessions_learn_title(session, f[F_TITLE]);
	batch_add_delivery(c->sv, DELIVER_SETTLED, c->serial, ref, c->sv->server.last_index);
	return 0;
}

static int op_reply(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	cleanup_free char *event_id = json_string_dup(f[F_EVENT_ID]);
	if (!event_id || (!f[F_RESULT].p && !f[F_ERROR].p))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "reply wants an eventId and a result or an error");
	struct ask_track *ask = asks_find_event(c->sv, event_id, err);
	if (!ask)
		return -1;
	cleanup_buf struct buf response = BUF_INIT(BUF_MAX_OWN);
	json_open(&response, '{');
	json_kv_string(&response, "jsonrpc", "2.0");
	json_kv_raw(&response, "id", span_of(ask->record.rpc_id));
	json_kv_raw(&response, f[F_ERROR].p ? "error" : "result",
		    f[F_ERROR].p ? f[F_ERROR] : f[F_RESULT]);
	json_close(&response, '}');
	cleanup_free char *by = who(f[F_BY]);
	cleanup_free char *reason = json_string_dup(f[F_REASON]);
	const struct client_message message = {
	    .client = c->serial, .ref = ref, .by = by, .reason = reason};
	return settle_by_client(c->sv, ask, buf_span(&response), &message, err);
}

static int op_attach(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	(void)ref;
	int64_t after = json_int_or(f[F_AFTER], -1);
	if (after < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "attach wants after: 0 or more");
	free(c->session_id);
	c->session_id = json_string_dup(f[F_SESSION_ID]);
	/* What is in the batch is not committed yet: it will be shown when it is. */
	int64_t committed = c->sv->server.last_index - (int64_t)batch_event_count(c->sv);
	c->is_attached = json_bool_or(f[F_PRESENT], true);
	c->is_live = after >= committed;
	buf_addf(&c->out, "{\"type\":\"%s\",\"%s\":%lld}\n", c->is_live ? "attached" : "behind",
		 c->is_live ? "after" : "committed", (long long)committed);
	return 0;
}

static int op_status(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	(void)f;
	(void)err;
	const struct supervisor *sv = c->sv;
	json_open(&c->out, '{');
	json_kv_string(&c->out, "type", "status");
	json_kv_int(&c->out, "ref", ref);
	json_kv_string(&c->out, "serverId", sv->server.id);
	json_kv_int(&c->out, "supervisorPid", sv->server.supervisor.pid);
	json_kv_int(&c->out, "agentPid", sv->server.agent_process.pid);
	json_kv_string(&c->out, "life", life_name(sv->life));
	json_kv_int(&c->out, "eventIndex", sv->server.last_index);
	json_kv_int(&c->out, "sessions", (int64_t)sv->session_count);
	json_kv_int(&c->out, "openCalls", (int64_t)sv->call_count);
	json_kv_int(&c->out, "openAsks", (int64_t)sv->ask_count);
	json_kv_int(&c->out, "queuedPrompts", (int64_t)sv->queue_count);
	json_kv_int(&c->out, "clients", (int64_t)sv->client_count);
	json_kv_string(&c->out, "storeProblem", sv->store_problem);
	buf_adds(&c->out, "}\n");
	return 0;
}

static int op_tie(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	(void)err;
	c->is_tied = json_bool_or(f[F_TIED], true);
	batch_add_delivery(c->sv, DELIVER_SETTLED, c->serial, ref, c->sv->server.last_index);
	return 0;
}

static int op_stop(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	(void)err;
	cleanup_free char *reason = json_string_dup(f[F_REASON]);
	c->wants_stop_told = true;
	c->stop_ref = ref;
	life_stop(c->sv, json_string_is(f[F_OUTCOME], "closed"), reason ? reason : "stopped",
		  json_int_or(f[F_GRACE], c->sv->options->stop_grace_ms));
	return 0;
}

typedef int op_fn(struct client *c, const struct span *f, int64_t ref, struct sa_error *err);
static const struct op {
	const char *name;
	op_fn *fn;
	bool has_payload;
} ops[] = {
    {"send", op_send, true},
    {"prompt", op_prompt, true},
    {"unqueue", op_unqueue, false},
    {"queue", op_queue, false},
    {"queue_drop", op_queue_drop, false},
    {"queue_edit", op_queue_edit, false},
    {"title", op_title, false},
    {"reply", op_reply, false},
    {"attach", op_attach, false},
    {"status", op_status, false},
    {"tie", op_tie, false},
    {"stop", op_stop, false},
};

static int obey(struct client *c, const struct span *f, int64_t ref, struct sa_error *err)
{
	cleanup_buf struct buf known = BUF_INIT(BUF_MAX_OWN);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!json_string_is(f[F_OP], ops[i].name))
			continue;
		if (ops[i].has_payload && !f[F_PAYLOAD].p)
			return error_set(err, PROBLEM_INVALID_REQUEST, "the op wants a payload");
		return ops[i].fn(c, f, ref, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		buf_addf(&known, "%s%s", i ? ", " : "", ops[i].name);
	return error_set(err, PROBLEM_INVALID_REQUEST, "unknown op; known are %s", known.data);
}

void client_obey(struct client *c, struct span line)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span fields[F_COUNT];
	line = span_trim(line);
	if (line.n == 0)
		return;
	if (json_check(line, NULL) < 0) {
		error_set(&err, PROBLEM_INVALID_REQUEST, "a line that is not JSON");
		clients_tell_problem(c->sv, c->serial, 0, &err);
		return;
	}
	json_members(line, field_names, fields, F_COUNT);
	int64_t ref = json_int_or(fields[F_REF], 0);
	if (obey(c, fields, ref, &err) < 0)
		clients_tell_problem(c->sv, c->serial, ref, &err);
}
