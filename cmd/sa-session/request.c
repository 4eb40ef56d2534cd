#include "request.h"

#include "agent/launch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "connection.h"
#include "print.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { ID_BYTES = 256 };

void request_clear(struct request *r)
{
	free(r->id);
	free(r->session_id);
	free(r->method);
	free(r->payload);
	*r = (struct request){.id = NULL};
}

/* --- finding it -------------------------------------------------------------------- */

struct search {
	const char *id; /* NULL: any */
	struct request *found;
	size_t count;
	enum ask_state state;
};

static int take_ask(const struct ask *ask, const struct server *server, struct span payload,
		    void *arg)
{
	struct search *search = arg;
	cleanup_buf struct buf id = BUF_INIT(ID_BYTES);
	event_id_add(&id, server->uid, ask->index);
	if (search->id && !span_is(buf_span(&id), search->id))
		return 0;
	search->state = ask->state;
	if (search->count++ == 0)
		*search->found = (struct request){
		    .server_key = server->key,
		    .id = buf_take(&id),
		    .session_id = xstrdup(ask->session_id),
		    .method = xstrdup(ask->method),
		    .payload = xmemdup0(payload.p ? payload.p : "", payload.n),
		};
	return 0;
}

static int find_by_id(struct store *store, const char *id, struct request *ret,
		      struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	struct search open = {.id = id, .found = ret};
	cleanup_request struct request settled = {.id = NULL};
	struct search all = {.id = id, .found = &settled};
	struct span uid;
	int64_t index;
	struct sa_error ignored;
	/* The requests of a supervisor that died are lost, not open. */
	if (event_id_parse(span_of(id), &uid, &index) == 0 &&
	    store_find_server_by_uid(store, uid, &server, &ignored) == 0 &&
	    launch_reap(store, &server, err) < 0)
		return -1;
	if (store_each_ask(store, NULL, false, take_ask, &open, err) < 0)
		return -1;
	if (open.count)
		return 0;
	if (store_each_ask(store, NULL, true, take_ask, &all, err) < 0)
		return -1;
	return all.count ? error_set(err, PROBLEM_CONFLICT, "request '%s' is %s already", id,
				     ask_state_name(all.state))
			 : error_set(err, PROBLEM_NOT_FOUND,
				     "no request '%s'; 'sa-session pending' lists them", id);
}

/* The one open request of a session. */
static int find_by_session(const char *reference, struct request *ret, struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	struct search search = {.found = ret};
	if (connection_find(&c, reference, err) < 0 ||
	    store_each_ask(c.store, c.session.id, false, take_ask, &search, err) < 0)
		return -1;
	if (search.count == 1)
		return 0;
	if (search.count == 0)
		return error_set(err, PROBLEM_CONFLICT, "session '%s' asks nothing", c.session.id);
	request_clear(ret);
	return error_set(err, PROBLEM_CONFLICT,
			 "session '%s' asks %zu things; name one: 'sa-session pending %s' lists "
			 "them",
			 c.session.id, search.count, c.session.id);
}

int request_find(struct store *store, const char *reference, struct request *ret,
		 struct sa_error *err)
{
	struct sa_error by_session = SA_ERROR_INIT;
	int rc = find_by_id(store, reference, ret, err);
	if (rc == 0 || err->kind != PROBLEM_NOT_FOUND)
		return rc;
	rc = find_by_session(reference, ret, &by_session);
	if (rc < 0 && by_session.kind != PROBLEM_SESSION_NOT_FOUND)
		*err = by_session;
	return rc;
}

/* --- answering ---------------------------------------------------------------------- */

static int send(struct links *links, const struct request *request, struct span members,
		int64_t *ret_index, struct sa_error *err)
{
	struct server_link *to = links_get(links, request->server_key, err);
	cleanup_buf struct buf op = BUF_INIT(BUF_MAX_OWN);
	struct link_answer answer = {.session_id = NULL};
	if (!to)
		return -1;
	int64_t ref = ++to->link.next_ref;
	json_open(&op, '{');
	json_kv_string(&op, "op", "reply");
	json_kv_int(&op, "ref", ref);
	json_kv_string(&op, "eventId", request->id);
	json_kv_string(&op, "by", links->by ? links->by : "cli");
	json_kv_string(&op, "reason", links->reason);
	buf_addc(&op, ',');
	buf_add_span(&op, members);
	json_close(&op, '}');
	int rc = link_send(&to->link, buf_span(&op), err);
	if (rc == 0)
		rc = link_wait(&to->link, links->store, &to->server, ref, "settled", DEADLINE_NEVER,
			       -1, &answer, err);
	*ret_index = answer.event_index;
	link_answer_clear(&answer);
	if (rc < 0 && err->kind != PROBLEM_CONFLICT)
		links_drop(links, to);
	return rc;
}

int request_answer(struct links *links, const char *reference, const struct answer *decision,
		   bool is_text, struct sa_error *err)
{
	cleanup_request struct request request = {.id = NULL};
	cleanup_buf struct buf members = BUF_INIT(BUF_MAX_OWN);
	int64_t index = 0;
	if (request_find(links->store, reference, &request, err) < 0)
		return -1;
	if (answer_add(&members, decision, span_of(request.payload), err) < 0 ||
	    send(links, &request, buf_span(&members), &index, err) < 0)
		return -1;
	if (is_text)
		return 0;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "id", request.id);
	json_kv_string(&b, "sessionId", request.session_id);
	json_kv_string(&b, "method", request.method);
	json_kv_string(&b, "state", ask_state_name(ASK_ANSWERED));
	json_kv_int(&b, "eventIndex", index);
	buf_adds(&b, "}\n");
	print_buf(&b);
	return 0;
}
