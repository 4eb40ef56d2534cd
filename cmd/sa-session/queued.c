#include "queued.h"

#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { OP_MS = 30000 };

/* --- a supervisor's ---------------------------------------------------------------------------- */

/* {"op":OP,"ref":R,"sessionId":S and rest (members, or nothing). */
static int ask(struct connection *c, const char *op, struct span rest, const char *wanted,
	       struct link_answer *ret, struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	int64_t ref = ++c->link.next_ref;
	json_open(&b, '{');
	json_kv_string(&b, "op", op);
	json_kv_int(&b, "ref", ref);
	json_kv_string(&b, "sessionId", c->session.id);
	buf_add_span(&b, rest);
	json_close(&b, '}');
	if (link_send(&c->link, buf_span(&b), err) < 0)
		return -1;
	return link_wait(&c->link, c->store, &c->server, ref, wanted, deadline_after(OP_MS), -1,
			 ret, err);
}

static int change_living(struct connection *c, const char *prompt_id, struct span blocks,
			 const char *by, struct sa_error *err)
{
	cleanup_buf struct buf rest = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	buf_addc(&rest, ',');
	json_kv_string(&rest, "promptId", prompt_id);
	json_kv_string(&rest, "by", by);
	json_kv_raw(&rest, "prompt", blocks);
	int rc = ask(c, blocks.p ? "queue_edit" : "queue_drop", buf_span(&rest), "settled", &answer,
		     err);
	link_answer_clear(&answer);
	return rc;
}

/* --- the store's --------------------------------------------------------------------------------- */

struct search {
	const char *session_id;
	int64_t number;
	struct buf *out; /* NULL: look for number */
	int64_t position;
	struct prompt found;
};

static int look_at(const struct prompt *prompt, void *arg)
{
	struct search *s = arg;
	if (!*prompt->payload || strcmp(prompt->session_id, s->session_id) != 0)
		return 0;
	if (s->out) {
		if (s->position++)
			buf_addc(s->out, ',');
		prompt_add_json(s->out, prompt, s->position, false);
		s->out->len--; /* its newline */
		return 0;
	}
	if (prompt->number != s->number)
		return 0;
	s->found = (struct prompt){prompt->number, xstrdup(prompt->session_id),
				   xstrdup(prompt->payload), prompt->created_ms};
	return 1;
}

static int write_back(struct connection *c, struct prompt *prompt, struct span blocks,
		      struct sa_error *err)
{
	const struct prompt *const rows = prompt;
	struct store_batch batch = {.server = &c->server};
	int64_t key;
	if (blocks.p) {
		char *payload = prompt_payload_with(prompt->payload, blocks, err);
		if (!payload)
			return -1;
		free(prompt->payload);
		prompt->payload = payload;
		batch.prompts = &rows;
		batch.prompt_count = 1;
	} else {
		batch.gone_prompts = &prompt->number;
		batch.gone_prompt_count = 1;
	}
	return store_import(c->store, &batch, &key, err);
}

static int change_stored(struct connection *c, int64_t number, struct span blocks,
			 struct sa_error *err)
{
	struct search search = {.session_id = c->session.id, .number = number};
	int rc = store_each_prompt(c->store, c->server.key, look_at, &search, err);
	if (rc == 1)
		rc = write_back(c, &search.found, blocks, err);
	else if (rc == 0)
		rc = error_set(err, PROBLEM_NOT_FOUND, "no prompt %lld waits in session '%s'",
			       (long long)number, c->session.id);
	prompt_clear(&search.found);
	return rc;
}

/* --- both ---------------------------------------------------------------------------------------- */

int queued_list(struct connection *c, struct buf *ret, struct sa_error *err)
{
	if (session_state_is_over(c->session.state)) {
		struct search search = {.session_id = c->session.id, .out = ret};
		buf_addc(ret, '[');
		if (store_each_prompt(c->store, c->server.key, look_at, &search, err) < 0)
			return -1;
		buf_addc(ret, ']');
		return 0;
	}
	struct link_answer answer = {.session_id = NULL};
	int rc = connection_link(c, err);
	if (rc == 0)
		rc = ask(c, "queue", SPAN_NONE, "queue", &answer, err);
	if (rc == 0)
		buf_add_span(ret, buf_span(&answer.payload));
	link_answer_clear(&answer);
	return rc;
}

int queued_change(struct connection *c, const char *prompt_id, struct span blocks, const char *by,
		  struct sa_error *err)
{
	int64_t number;
	if (num_parse_i64(span_of(prompt_id), 1, INT64_MAX, &number) < 0)
		return error_set(err, PROBLEM_NOT_FOUND, "no prompt '%s' waits", prompt_id);
	if (!session_state_is_over(c->session.state)) {
		if (c->link.fd < 0 && connection_link(c, err) < 0)
			return -1;
		return change_living(c, prompt_id, blocks, by, err);
	}
	/* Nobody may bring the session back meanwhile. */
	cleanup_free char *name = xasprintf("resume-%s", c->server.uid);
	int lock = rundir_lock(name, err);
	if (lock < 0)
		return -1;
	int rc = connection_look_again(c, err);
	if (rc == 0 && session_state_is_over(c->session.state))
		rc = change_stored(c, number, blocks, err);
	else if (rc == 0 && (rc = connection_link(c, err)) == 0)
		rc = change_living(c, prompt_id, blocks, by, err);
	rundir_unlock(name, lock);
	return rc;
}
