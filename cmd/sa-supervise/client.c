#include "client.h"

#include "acp/envelope.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "batch.h"
#include "clients.h"
#include "asks.h"
#include "json/scan.h"
#include "json/write.h"
#include "life.h"
#include "prompts.h"
#include "traffic.h"

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
	F_COUNT,
};
static const char *const field_names[F_COUNT] = {
    "op",	"ref",	   "payload", "sessionName", "hideReplay", "sessionId", "when",	  "detached",
    "eventId", "result", "error",   "after",	     "outcome",	   "reason",	"graceMs"};

static int op_send(struct client *c, struct span *f, int64_t ref, struct sa_error *err)
{
	cleanup_free char *name = json_string_dup(f[F_SESSION_NAME]);
	struct client_message message = {
	    .client = c->serial,
	    .ref = ref,
	    .payload = f[F_PAYLOAD],
	    .session_name = name,
	    .is_replay_hidden = json_bool_or(f[F_HIDE_REPLAY], false),
	};
	return traffic_from_client(c->sv, &message, err);
}

static int op_prompt(struct client *c, struct span *f, int64_t ref, struct sa_error *err)
{
	cleanup_free char *session = json_string_dup(f[F_SESSION_ID]);
	enum prompt_when when = json_string_is(f[F_WHEN], "now")      ? PROMPT_NOW
				: json_string_is(f[F_WHEN], "reject") ? PROMPT_REJECT
								      : PROMPT_QUEUE;
	if (!session)
		return error_set(err, PROBLEM_INVALID_REQUEST, "prompt wants a sessionId");
	struct client_message message = {
	    .client = c->serial, .ref = ref, .payload = f[F_PAYLOAD]};
	return prompts_take(c->sv, session, when, json_bool_or(f[F_DETACHED], false), &message,
			    err);
}

static int op_reply(struct client *c, struct span *f, int64_t ref, struct sa_error *err)
{
	cleanup_free char *event_id = json_string_dup(f[F_EVENT_ID]);
	if (!event_id || (!f[F_RESULT].p && !f[F_ERROR].p))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "reply wants an eventId and a result or an error");
	struct ask_track *ask = asks_find_event(c->sv, event_id, err);
	if (!ask)
		return -1;
	struct buf response = BUF_INIT(BUF_MAX_OWN);
	json_open(&response, '{');
	json_kv_string(&response, "jsonrpc", "2.0");
	json_kv_raw(&response, "id", span_of(ask->record.rpc_id));
	json_kv_raw(&response, f[F_ERROR].p ? "error" : "result",
		    f[F_ERROR].p ? f[F_ERROR] : f[F_RESULT]);
	json_close(&response, '}');
	int rc = traffic_settle_ask(c->sv, ask, buf_span(&response), c->serial, ref, err);
	buf_free(&response);
	return rc;
}

static int op_attach(struct client *c, struct span *f, struct sa_error *err)
{
	int64_t after = json_int_or(f[F_AFTER], -1);
	if (after < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "attach wants after: 0 or more");
	free(c->session_id);
	c->session_id = json_string_dup(f[F_SESSION_ID]);
	/* What is in the batch is not committed yet: it will be shown when it is. */
	int64_t committed = c->sv->server.last_index - (int64_t)batch_event_count(c->sv);
	c->is_live = after >= committed;
	buf_addf(&c->out, "{\"type\":\"%s\",\"%s\":%lld}\n", c->is_live ? "attached" : "behind",
		 c->is_live ? "after" : "committed", (long long)committed);
	return 0;
}

static int op_status(struct client *c, int64_t ref)
{
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

static int op_stop(struct client *c, struct span *f, int64_t ref)
{
	cleanup_free char *reason = json_string_dup(f[F_REASON]);
	c->wants_stop_told = true;
	c->stop_ref = ref;
	life_stop(c->sv, json_string_is(f[F_OUTCOME], "closed"), reason ? reason : "stopped",
		  json_int_or(f[F_GRACE], c->sv->options->stop_grace_ms));
	return 0;
}

static int obey(struct client *c, struct span *f, int64_t ref, struct sa_error *err)
{
	bool needs_payload =
	    json_string_is(f[F_OP], "send") || json_string_is(f[F_OP], "prompt");
	if (needs_payload && !f[F_PAYLOAD].p)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the op wants a payload");
	if (json_string_is(f[F_OP], "send"))
		return op_send(c, f, ref, err);
	if (json_string_is(f[F_OP], "prompt"))
		return op_prompt(c, f, ref, err);
	if (json_string_is(f[F_OP], "reply"))
		return op_reply(c, f, ref, err);
	if (json_string_is(f[F_OP], "attach"))
		return op_attach(c, f, err);
	if (json_string_is(f[F_OP], "status"))
		return op_status(c, ref);
	if (json_string_is(f[F_OP], "stop"))
		return op_stop(c, f, ref);
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "unknown op; known are send, prompt, reply, attach, status, stop");
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
