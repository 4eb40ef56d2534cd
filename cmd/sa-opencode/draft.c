#include "draft.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool draft_is(const struct session *session)
{
	return session->agent_session_id == NULL;
}

char *draft_server_id(const struct session *session)
{
	return xasprintf("acp_%s", session->id);
}

static void set_owner(struct server *server)
{
	procid_boot_id(server->boot_id);
	procid_of(getpid(), &server->supervisor);
}

/* Write the row under a server that we own for this moment, which goes back to state. */
static int write_row(struct store *store, struct server *server, const struct session *session,
		     enum server_state state, struct sa_error *err)
{
	struct session row = *session;
	const struct session *rows[] = {&row};
	row.server_key = server->key;
	row.server_id = server->id;
	row.updated_ms = clock_now_ms();
	server->state = state;
	const struct store_batch batch = {.server = server, .sessions = rows, .session_count = 1};
	return store_commit(store, &batch, err);
}

/* An earlier draft was for another agent: its server's id is free again. */
static int close_other(struct store *store, const char *id, struct sa_error *err)
{
	cleanup_server struct server other = {.key = 0};
	if (store_find_server(store, id, &other, err) < 0)
		return -1;
	return store_set_server_state(store, other.key, SERVER_CLOSED, "another agent was chosen",
				      err);
}

static int claim(struct store *store, const struct session *session, struct server *ret,
		 struct sa_error *err)
{
	*ret = (struct server){
	    .id = draft_server_id(session),
	    .agent = xstrdup(session->agent),
	    .command_json = xstrdup("[]"),
	    .cwd = xstrdup(session->cwd),
	};
	set_owner(ret);
	return store_claim_server(store, ret, err);
}

int draft_write(struct store *store, const struct session *session, struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	int rc = claim(store, session, &server, err);
	if (rc < 0 && err->kind == PROBLEM_CONFLICT) {
		cleanup_server struct server running = {.key = 0};
		cleanup_free char *id = draft_server_id(session);
		if (store_find_server(store, id, &running, err) < 0)
			return -1;
		if (strcmp(running.agent, session->agent) == 0)
			return error_set(err, PROBLEM_CONFLICT, "session '%s' is being started",
					 session->id);
		if (close_other(store, id, err) < 0)
			return -1;
		server_clear(&server);
		rc = claim(store, session, &server, err);
	}
	if (rc < 0)
		return -1;
	return write_row(store, &server, session, SERVER_ENDED, err);
}

int draft_rewrite(struct store *store, const struct session *session, struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	if (store_get_server(store, session->server_key, &server, err) < 0)
		return -1;
	enum server_state before = server.state;
	set_owner(&server);
	if (store_claim_server(store, &server, err) < 0)
		return -1;
	return write_row(store, &server, session, before, err);
}
