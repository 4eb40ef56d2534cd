#include "links.h"

#include "agent/launch.h"
#include "base/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A living supervisor is there to be linked to. 0, or -1. */
static int check_running(const struct server *server, struct sa_error *err)
{
	if (server->state == SERVER_RUNNING)
		return 0;
	return error_set(err, PROBLEM_CONFLICT,
			 "server '%s' is %s%s%s; 'sa-session resume' brings a session of it back",
			 server->id, server_state_name(server->state),
			 server->end_reason ? ": " : "",
			 server->end_reason ? server->end_reason : "");
}

static void free_link(struct server_link *link)
{
	link_close(&link->link);
	server_clear(&link->server);
	buf_free(&link->out);
	free(link);
}

void links_free(struct links *links)
{
	for (size_t i = 0; i < links->count; i++)
		free_link(links->items[i]);
	free(links->items);
	links->items = NULL;
	links->count = 0;
}

void links_drop(struct links *links, struct server_link *link)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i] == link) {
			links->items[i] = links->items[--links->count];
			free_link(link);
			return;
		}
}

static void make_room(struct links *links)
{
	for (size_t i = links->count; i > 0 && links->count >= LINKS_MAX; i--)
		if (links->items[i - 1]->open == 0 && links->items[i - 1]->out.len == 0)
			links_drop(links, links->items[i - 1]);
}

struct server_link *links_get(struct links *links, int64_t server_key, struct sa_error *err)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i]->server.key == server_key)
			return links->items[i];
	make_room(links);
	struct server_link *link = xcalloc(1, sizeof(*link));
	link->link = LINK_INIT;
	buf_init(&link->out, BUF_MAX_OWN);
	if (store_get_server(links->store, server_key, &link->server, err) < 0 ||
	    launch_reap(links->store, &link->server, err) < 0 ||
	    check_running(&link->server, err) < 0 ||
	    link_open(&link->link, &link->server, err) < 0) {
		free_link(link);
		return NULL;
	}
	links->items = xreallocarray(links->items, links->count + 1, sizeof(struct server_link *));
	links->items[links->count++] = link;
	return link;
}

int links_flush(struct server_link *link, struct sa_error *err)
{
	while (link->out.len) {
		ssize_t n =
		    send(link->link.fd, link->out.data, link->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return error_set_errno(err, PROBLEM_STREAM_ERROR, errno,
					       "talk to the supervisor of server '%s'",
					       link->server.id);
		buf_consume(&link->out, (size_t)n);
	}
	buf_shrink(&link->out);
	return 0;
}

int links_send(struct server_link *link, struct span op, struct sa_error *err)
{
	size_t start = link->out.len;
	buf_add_span(&link->out, op);
	for (char *p; op.n && (p = memchr(link->out.data + start, '\n', link->out.len - start));)
		*p = ' ';
	buf_addc(&link->out, '\n');
	return links_flush(link, err);
}

size_t links_queued_bytes(const struct links *links)
{
	size_t sum = 0;
	for (size_t i = 0; i < links->count; i++)
		sum += links->items[i]->out.len;
	return sum;
}
