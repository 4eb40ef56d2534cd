/* The queue over HTTP. It may wait for somebody who resumes the session: a process each (ONCE). */
#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"
#include "ops.h"
#include "ops_find.h"
#include "queued.h"

#include <stdlib.h>

/* The session that the request is about, in a connection of its own. 0, or -1. */
static int begin(struct broker *broker, const struct filter_request *request, struct connection *c,
		 struct sa_error *err)
{
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	/* By its whole id: to connection_find() "-" is a record on standard input. */
	if (find_session(broker, request, &session, &server, err) < 0)
		return -1;
	return connection_find(c, session.id, err);
}

void op_sessions_queue(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	(void)fd;
	buf_adds(&b, "{\"queue\":");
	if (begin(broker, request, &c, &err) < 0 || queued_list(&c, &b, &err) < 0) {
		find_fail(broker, request, &err);
		return;
	}
	buf_addc(&b, '}');
	ops_answer(broker, request, 200, buf_span(&b));
}

/* blocks NONE: drop. */
static int change(struct broker *broker, const struct filter_request *request, struct span blocks,
		  struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_free char *prompt_id = filter_param_wanted(request, "promptId", err);
	cleanup_free char *by = json_string_dup(json_get(request->body, "by"));
	if (!prompt_id || begin(broker, request, &c, err) < 0)
		return -1;
	return queued_change(&c, prompt_id, blocks, by ? by : "rest", err);
}

void op_sessions_queue_drop(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	(void)fd;
	if (change(broker, request, SPAN_NONE, &err) < 0)
		find_fail(broker, request, &err);
	else
		ops_answer(broker, request, 204, SPAN_NONE);
}

void op_sessions_queue_edit(struct broker *broker, const struct filter_request *request, int fd)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf blocks = BUF_INIT(BUF_MAX_OWN);
	(void)fd;
	if (ops_take_blocks(request, &blocks, &err) < 0 ||
	    change(broker, request, buf_span(&blocks), &err) < 0)
		find_fail(broker, request, &err);
	else
		ops_answer(broker, request, 204, SPAN_NONE);
}
