#include "connection.h"

#include "agent/launch.h"
#include "base/cleanup.h"
#include "json/scan.h"

#include <stdio.h>
#include <string.h>

void connection_close(struct connection *c)
{
	link_close(&c->link);
	server_clear(&c->server);
	session_clear(&c->session);
	store_close(c->store);
	c->store = NULL;
}

/* The id in the first line of stdin. NULL with err. */
static char *read_record(struct sa_error *err)
{
	cleanup_free char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);
	struct span text = {line, n > 0 ? (size_t)n : 0};
	if (n > 0 && json_check(text, NULL) == 0) {
		char *id = json_string_dup(json_get(text, "id"));
		if (id)
			return id;
	}
	error_set(err, PROBLEM_INVALID_REQUEST,
		  "standard input has no session record; pipe 'sa-session new' or 'show' into it");
	return NULL;
}

int connection_find(struct connection *c, const char *reference, struct sa_error *err)
{
	cleanup_free char *id = NULL;
	if (strcmp(reference, "-") == 0) {
		id = read_record(err);
		if (!id)
			return -1;
		reference = id;
	}
	if (!c->store)
		c->store = store_open(err);
	if (!c->store || store_find_session(c->store, reference, &c->session, err) < 0 ||
	    store_get_server(c->store, c->session.server_key, &c->server, err) < 0)
		return -1;
	enum server_state before = c->server.state;
	if (launch_reap(c->store, &c->server, err) < 0)
		return -1;
	if (before == c->server.state)
		return 0;
	cleanup_free char *exact = c->session.id;
	c->session.id = NULL;
	session_clear(&c->session);
	return store_find_session(c->store, exact, &c->session, err);
}

int connection_link(struct connection *c, struct sa_error *err)
{
	if (session_state_is_over(c->session.state))
		return error_set(err, PROBLEM_CONFLICT, "session '%s' is %s%s%s", c->session.id,
				 session_state_name(c->session.state),
				 c->session.end_reason ? ": " : "",
				 c->session.end_reason ? c->session.end_reason : "");
	return link_open(&c->link, &c->server, err);
}
