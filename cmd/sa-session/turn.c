#include "turn.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

void turn_clear(struct turn *turn)
{
	free(turn->stop_reason);
	free(turn->prompt_id);
	turn->stop_reason = turn->prompt_id = NULL;
}

static void add_op(struct buf *op, const struct connection *c, struct span blocks,
		   const struct turn_options *o, int64_t ref)
{
	buf_reserve(op, blocks.n + 512);
	json_open(op, '{');
	json_kv_string(op, "op", "prompt");
	json_kv_int(op, "ref", ref);
	json_kv_string(op, "sessionId", c->session.id);
	json_kv_string(op, "when", o->when ? o->when : "queue");
	json_kv_bool(op, "detached", o->is_detached);
	json_key(op, "payload");
	json_open(op, '{');
	json_kv_string(op, "jsonrpc", "2.0");
	json_kv_int(op, "id", ref);
	json_kv_string(op, "method", "session/prompt");
	json_key(op, "params");
	json_open(op, '{');
	json_kv_string(op, "sessionId", c->session.agent_session_id);
	json_kv_raw(op, "prompt", blocks);
	buf_adds(op, "}}}");
}

int turn_start(struct connection *c, struct span blocks, const struct turn_options *o,
	       struct turn *ret, struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	*ret = (struct turn){.ref = ++c->link.next_ref};
	add_op(&op, c, blocks, o, ret->ref);
	if (link_send(&c->link, buf_span(&op), err) < 0)
		return -1;
	int rc = link_wait(&c->link, c->store, &c->server, ret->ref,
			   o->is_detached ? "accepted|queued" : "accepted", o->deadline, o->wake_fd,
			   &answer, err);
	ret->is_queued = answer.is_queued;
	ret->since = answer.is_queued ? answer.event_index : answer.event_index - 1;
	ret->turns = answer.is_queued ? answer.turns : 1;
	ret->prompt_id = TAKE_PTR(answer.prompt_id);
	link_answer_clear(&answer);
	if (rc < 0 && err->kind == PROBLEM_TIMEOUT)
		error_set(err, PROBLEM_TIMEOUT,
			  "another turn of session '%s' went on for all that time; the prompt was "
			  "not sent",
			  c->session.id);
	return rc;
}

int turn_wait(struct connection *c, struct turn *turn, const struct turn_options *o,
	      struct sa_error *err)
{
	struct link_answer answer = {.session_id = NULL};
	struct sa_error ignored;
	int rc = link_wait(&c->link, c->store, &c->server, turn->ref, "answer", o->deadline,
			   o->wake_fd, &answer, err);
	if (rc == 2 || (rc < 0 && err->kind == PROBLEM_TIMEOUT)) {
		connection_cancel(c, &ignored);
		error_set(err, PROBLEM_TIMEOUT,
			  "the turn did not end in time and was told to cancel");
	}
	if (rc != 0)
		return rc;
	turn->until = answer.event_index;
	rc = link_judge(buf_span(&answer.payload), "session/prompt", err);
	if (rc == 0)
		turn->stop_reason =
		    json_string_dup(json_path(buf_span(&answer.payload), "result.stopReason"));
	link_answer_clear(&answer);
	return rc;
}

struct text {
	struct buf *out;
	int64_t until;
};

static int add_text(const struct event *event, void *arg)
{
	const struct text *text = arg;
	/* The next turn may be on its way already. */
	if (text->until && event->index > text->until)
		return 1;
	struct span update = json_path(event->payload, "params.update");
	if (json_string_is(json_get(update, "sessionUpdate"), "agent_message_chunk"))
		json_string_add(text->out, json_path(update, "content.text"));
	return 0;
}

int turn_add_answer(struct connection *c, const struct turn *turn, struct buf *ret,
		    struct sa_error *err)
{
	struct text text = {ret, turn->until};
	int rc = store_each_event(c->store, &c->server, c->session.id, turn->since, 0, add_text,
				  &text, err);
	return rc < 0 ? -1 : 0;
}

/* What our own supervisor did to the turn counts more than how the agent took it. */
bool turn_judge_event(const struct event *event, struct sa_error *err)
{
	static const struct {
		const char *method;
		enum problem_kind kind;
		const char *words;
	} ends[] = {
	    {"_adapter/request_expired", PROBLEM_REQUEST_EXPIRED, "a request of the agent"},
	    {"_adapter/limit_reached", PROBLEM_LIMIT_REACHED, "stopped"},
	};
	struct span method = json_get(event->payload, "method");
	for (size_t i = 0; event->sender == SENDER_SYSTEM && i < ARRAY_SIZE(ends); i++) {
		if (!json_string_is(method, ends[i].method))
			continue;
		struct span params = json_get(event->payload, "params");
		cleanup_free char *reason = json_string_dup(json_get(params, "reason"));
		return error_set(err, ends[i].kind, "%s: %s", ends[i].words,
				 reason ? reason : "its time was over") < 0;
	}
	return false;
}

struct judgement {
	int64_t until;
	struct sa_error *err;
};

static int judge_event(const struct event *event, void *arg)
{
	const struct judgement *j = arg;
	return (j->until && event->index > j->until) || turn_judge_event(event, j->err);
}

int turn_judge(struct connection *c, const struct turn *turn, struct sa_error *err)
{
	struct judgement judgement = {turn->until, err};
	err->kind = PROBLEM_NONE;
	if (store_each_event(c->store, &c->server, c->session.id, turn->since, 0, judge_event,
			     &judgement, err) < 0 ||
	    err->kind != PROBLEM_NONE)
		return -1;
	if (turn->stop_reason && strcmp(turn->stop_reason, "end_turn") == 0)
		return 0;
	return error_set(err, PROBLEM_FAILED, "the turn ended with %s",
			 turn->stop_reason ? turn->stop_reason : "no stop reason");
}
