#include "store/copy.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "store/part.h"

struct copier {
	const struct store_copy *copy;
	struct part *part;
	struct sa_error *err;
};

static int copy_event(const struct event *event, void *arg)
{
	struct copier *c = arg;
	if (part_add(c->part, event, c->err) < 0)
		return -1;
	if (c->copy->progress)
		c->copy->progress(c->copy->arg, 1);
	return 0;
}

static int import(struct copier *c, const struct store_batch *batch)
{
	int64_t key;
	return store_import(c->copy->to, batch, &key, c->err);
}

static int copy_session(const struct session *session, void *arg)
{
	struct copier *c = arg;
	const struct store_batch batch = {
	    .server = c->copy->server, .sessions = &session, .session_count = 1};
	return import(c, &batch);
}

static int copy_ask(const struct ask *ask, const struct server *server, struct span payload,
		    void *arg)
{
	struct copier *c = arg;
	const struct store_batch batch = {.server = c->copy->server, .asks = &ask, .ask_count = 1};
	(void)payload;
	return server->key == c->copy->server->key ? import(c, &batch) : 0;
}

/* A spool may know that a prompt is gone: then it has no payload. */
static int copy_prompt(const struct prompt *prompt, void *arg)
{
	struct copier *c = arg;
	bool is_gone = !*prompt->payload;
	const struct store_batch batch = {
	    .server = c->copy->server,
	    .prompts = &prompt,
	    .prompt_count = !is_gone,
	    .gone_prompts = &prompt->number,
	    .gone_prompt_count = is_gone,
	};
	return import(c, &batch);
}

int store_copy_server(const struct store_copy *copy, struct sa_error *err)
{
	cleanup_free struct part *part = xcalloc(1, sizeof(*part));
	struct copier c = {copy, part, err};
	part->to = copy->to;
	part->server = copy->server;
	int rc =
	    store_each_event(copy->from, copy->server, NULL, copy->after, 0, copy_event, &c, err);
	if (rc == 0)
		rc = part_flush(part, err);
	part_clear(part);
	/* A server without a single event is a row, too. */
	if (rc == 0)
		rc = import(&c, &(struct store_batch){.server = copy->server});
	if (rc == 0)
		rc = store_each_session(copy->from, copy->server->key, copy_session, &c, err);
	if (rc == 0)
		rc = store_each_ask(copy->from, NULL, true, copy_ask, &c, err);
	if (rc == 0)
		rc = store_each_prompt(copy->from, copy->server->key, copy_prompt, &c, err);
	return rc == 0 ? 0 : -1;
}
