#include "turn.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>

void turn_clear(struct turn *turn)
{
	free(turn->stop_reason);
	turn->stop_reason = NULL;
}

int turn_start(struct connection *c, const char *text, bool is_detached, struct turn *ret,
	       struct sa_error *err)
{
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	*ret = (struct turn){.ref = ++c->link.next_ref};
	json_open(&op, '{');
	json_kv_string(&op, "op", "prompt");
	json_kv_int(&op, "ref", ret->ref);
	json_kv_string(&op, "sessionId", c->session.id);
	json_kv_string(&op, "when", "queue");
	json_kv_bool(&op, "detached", is_detached);
	json_key(&op, "payload");
	json_open(&op, '{');
	json_kv_string(&op, "jsonrpc", "2.0");
	json_kv_int(&op, "id", ret->ref);
	json_kv_string(&op, "method", "session/prompt");
	json_key(&op, "params");
	json_open(&op, '{');
	json_kv_string(&op, "sessionId", c->session.agent_session_id);
	buf_adds(&op, ",\"prompt\":[{\"type\":\"text\"");
	json_kv_string(&op, "text", text);
	buf_adds(&op, "}]}}}");
	if (link_send(&c->link, buf_span(&op), err) < 0)
		return -1;
	int rc = link_wait(&c->link, c->store, &c->server, ret->ref, "accepted", DEADLINE_NEVER, -1,
			   &answer, err);
	ret->prompt_index = answer.event_index;
	link_answer_clear(&answer);
	return rc;
}

int turn_wait(struct connection *c, struct turn *turn, int64_t deadline, struct sa_error *err)
{
	struct link_answer answer = {.session_id = NULL};
	if (link_wait(&c->link, c->store, &c->server, turn->ref, "answer", deadline, -1, &answer,
		      err) < 0)
		return -1;
	int rc = link_judge(buf_span(&answer.payload), "session/prompt", err);
	if (rc == 0)
		turn->stop_reason =
		    json_string_dup(json_path(buf_span(&answer.payload), "result.stopReason"));
	link_answer_clear(&answer);
	return rc;
}

static int add_text(const struct event *event, void *arg)
{
	struct span update = json_path(event->payload, "params.update");
	if (json_string_is(json_get(update, "sessionUpdate"), "agent_message_chunk"))
		json_string_add(arg, json_path(update, "content.text"));
	return 0;
}

int turn_print_answer(struct connection *c, const struct turn *turn, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (store_each_event(c->store, &c->server, c->session.id, turn->prompt_index, 0, add_text,
			     &text, err) < 0)
		return -1;
	fwrite(text.data ? text.data : "", 1, text.len, stdout);
	if (text.len && text.data[text.len - 1] != '\n')
		putchar('\n');
	return 0;
}
