#include "clients.h"

#include "agent/rundir.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "calls.h"
#include "client.h"
#include "judge.h"
#include "life.h"
#include "os/sock.h"
#include "prompts.h"
#include "json/problem.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct client *find(const struct supervisor *sv, uint64_t serial)
{
	for (struct client *c = sv->clients; serial && c; c = c->next)
		if (c->serial == serial && !c->is_gone)
			return c;
	return NULL;
}

/* --- coming and going ------------------------------------------------------ */

void client_drop(struct client *c)
{
	if (c->is_gone)
		return;
	c->is_gone = true;
	loop_close(&c->sv->loop, &c->watch);
	judge_note_leaving(c->sv, c->is_attached);
	calls_forget_client(c->sv, c->serial);
	prompts_forget_client(c->sv, c->serial);
	if (c->is_tied && (c->sv->life == LIFE_STARTING || c->sv->life == LIFE_RUNNING))
		life_stop(c->sv, true, "the command that it was tied to is gone",
			  c->sv->options->stop_grace_ms);
}

static void free_gone(struct supervisor *sv)
{
	for (struct client **at = &sv->clients; *at;) {
		struct client *c = *at;
		if (!c->is_gone) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		sv->client_count--;
		lines_free(&c->lines);
		buf_free(&c->out);
		free(c->session_id);
		free(c);
		sv->idle_since = clock_monotonic_ms();
	}
}

static void on_readable(struct client *c)
{
	struct supervisor *sv = c->sv;
	struct span line;
	ssize_t n = recv(c->watch.fd, sv->read_buffer, READ_BYTES, MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			client_drop(c);
		return;
	}
	lines_feed(&c->lines, (struct span){sv->read_buffer, (size_t)n});
	for (;;) {
		enum lines_result result = lines_next(&c->lines, &line);
		if (result == LINES_MORE || c->is_gone)
			return;
		if (result == LINES_TOO_LONG) {
			struct sa_error err = SA_ERROR_INIT;
			error_set(&err, PROBLEM_TOO_LARGE,
				  "a message of %llu bytes is over the line limit of %llu",
				  (unsigned long long)c->lines.skipped_bytes,
				  (unsigned long long)sv->options->line_limit_bytes);
			clients_tell_problem(sv, c->serial, 0, &err);
		} else {
			client_obey(c, line);
		}
	}
}

static void client_write(struct client *c)
{
	while (!c->is_gone && c->out.len) {
		ssize_t n = send(c->watch.fd, c->out.data, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			client_drop(c);
			return;
		}
		buf_consume(&c->out, (size_t)n);
	}
	buf_shrink(&c->out);
}

static void on_client(void *arg, uint32_t events)
{
	struct client *c = arg;
	if (events & EPOLLOUT)
		client_write(c);
	if (!c->is_gone && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_readable(c);
}

static void turn_away(int fd)
{
	static const char full[] = "{\"type\":\"problem\",\"kind\":\"conflict\",\"detail\":"
				   "\"too many clients\"}\n";
	send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* There is no descriptor for it: left alone it would wait for ever, and wake us again and again. */
static void turn_away_without_descriptor(struct supervisor *sv)
{
	if (sv->spare_fd >= 0)
		close(sv->spare_fd);
	int fd = sock_accept(sv->listener.fd);
	if (fd >= 0)
		turn_away(fd);
	sv->spare_fd = open_spare();
}

static void on_connection(void *arg, uint32_t events)
{
	struct supervisor *sv = arg;
	(void)events;
	int fd = sock_accept(sv->listener.fd);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		turn_away_without_descriptor(sv);
	if (fd < 0)
		return;
	if (sv->client_count >= CLIENTS_MAX) {
		turn_away(fd);
		return;
	}
	struct client *c = xcalloc(1, sizeof(*c));
	c->sv = sv;
	c->serial = ++sv->next_client;
	/* The message and what is wrapped around it. */
	lines_init(&c->lines, sv->options->line_limit_bytes + 4096);
	buf_init(&c->out, BUF_MAX_OWN);
	c->next = sv->clients;
	sv->clients = c;
	sv->client_count++;
	if (loop_watch(&sv->loop, &c->watch, fd, EPOLLIN, on_client, c) < 0) {
		close(fd);
		client_drop(c);
		return;
	}
	/* Nothing that it asks for will be done: it should not have to wait to learn that. */
	if (sv->store_problem) {
		struct sa_error err = SA_ERROR_INIT;
		error_set(&err, sv->store_problem_kind, "%s", sv->store_problem);
		json_add_problem(&c->out, 0, &err);
	}
}

int clients_listen(struct supervisor *sv, struct sa_error *err)
{
	int fd = sock_listen(sv->server.socket_dir, RUNDIR_SOCKET, err);
	if (fd < 0)
		return -1;
	sv->spare_fd = open_spare();
	if (loop_watch(&sv->loop, &sv->listener, fd, EPOLLIN, on_connection, sv) == 0)
		return 0;
	close(fd);
	return error_set_errno(err, PROBLEM_FAILED, errno, "watch the socket");
}

void clients_close_all(struct supervisor *sv, const char *reason)
{
	loop_close(&sv->loop, &sv->listener);
	if (sv->spare_fd >= 0)
		close(sv->spare_fd);
	sv->spare_fd = -1;
	for (struct client *c = sv->clients; c; c = c->next) {
		if (c->is_gone)
			continue;
		json_open(&c->out, '{');
		json_kv_string(&c->out, "type", "bye");
		json_kv_string(&c->out, "reason", reason);
		buf_adds(&c->out, "}\n");
		client_write(c);
		/* Somebody who is reading gets the rest; somebody stuck is not waited for. */
		for (int tries = 0; !c->is_gone && c->out.len && tries < 20; tries++) {
			struct pollfd p = {.fd = c->watch.fd, .events = POLLOUT};
			poll(&p, 1, 5);
			client_write(c);
		}
		client_drop(c);
	}
	free_gone(sv);
}

void clients_settle(struct supervisor *sv)
{
	bool is_held = sv->to_agent.len > AGENT_QUEUE_BYTES || sv->store_problem;
	for (struct client *c = sv->clients; c; c = c->next) {
		if (c->is_gone)
			continue;
		client_write(c);
		/* A client that reads nothing of what it asked for is not fed further. */
		bool is_stuck = c->out.len > 4 * FOLLOWER_QUEUE_BYTES;
		uint32_t want = is_held || is_stuck ? 0 : EPOLLIN;
		if (c->out.len)
			want |= EPOLLOUT;
		loop_want(&sv->loop, &c->watch, want);
	}
	free_gone(sv);
}

/* --- telling --------------------------------------------------------------- */

bool clients_have_follower(const struct supervisor *sv)
{
	for (const struct client *c = sv->clients; c; c = c->next)
		if (c->is_live && !c->is_gone)
			return true;
	return false;
}

/* It goes on from the store, at its own pace. */
static void leave_behind(struct supervisor *sv, struct client *c)
{
	c->is_live = false;
	buf_addf(&c->out, "{\"type\":\"behind\",\"committed\":%lld}\n",
		 (long long)sv->server.last_index);
}

/* Whole frames, from the group's buffer straight into the socket as far as that takes them. */
static void show_run(struct supervisor *sv, struct client *c, struct span frames)
{
	if (c->out.len)
		client_write(c);
	if (!c->is_gone && c->out.len == 0) {
		ssize_t n = send(c->watch.fd, frames.p, frames.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			client_drop(c);
		if (n > 0) {
			frames.p += n;
			frames.n -= (size_t)n;
			/* The frame that was cut is owed, whatever happens to the others. */
			const char *end = frames.n && frames.p[-1] != '\n'
					      ? memchr(frames.p, '\n', frames.n)
					      : NULL;
			size_t owed = end ? (size_t)(end + 1 - frames.p) : 0;
			buf_add(&c->out, frames.p, owed);
			frames.p += owed;
			frames.n -= owed;
		}
	}
	if (c->is_gone || frames.n == 0)
		return;
	if (c->out.len + frames.n <= FOLLOWER_QUEUE_BYTES)
		buf_add_span(&c->out, frames);
	else
		leave_behind(sv, c);
}

/* The events of the group that c wants, in runs that are contiguous. */
static void show_group(struct supervisor *sv, struct client *c, const struct event_group *group)
{
	size_t from = 0, to = 0;
	for (size_t i = 0; i < group->count && c->is_live && !c->is_gone; i++) {
		size_t start = i ? group->ends[i - 1] : 0;
		bool is_wanted =
		    !c->session_id || span_is(group->events[i].session_id, c->session_id);
		/* Nobody is kept waiting with a huge frame in memory: it is in the store. */
		bool is_huge = group->ends[i] - start > FOLLOWER_QUEUE_BYTES;
		if (is_wanted && !is_huge) {
			from = to > from ? from : start;
			to = group->ends[i];
			if (i + 1 < group->count)
				continue;
		}
		if (to > from)
			show_run(sv, c, (struct span){group->frames + from, to - from});
		from = to = 0;
		if (is_wanted && is_huge && c->is_live && !c->is_gone)
			leave_behind(sv, c);
	}
}

void clients_show_events(struct supervisor *sv, const struct event_group *group)
{
	for (struct client *c = sv->clients; c; c = c->next)
		if (c->is_live && !c->is_gone)
			show_group(sv, c, group);
}

void clients_deliver(struct supervisor *sv, enum delivery_type type, uint64_t client, int64_t ref,
		     int64_t index, const struct event *event)
{
	static const char *const names[] = {"accepted", "answer", "settled"};
	struct client *c = find(sv, client);
	if (!c)
		return;
	buf_addf(&c->out, "{\"type\":\"%s\",\"ref\":%lld,\"eventIndex\":%lld", names[type],
		 (long long)ref, (long long)index);
	if (type == DELIVER_ANSWER && event) {
		json_kv_span(&c->out, "sessionId", event->session_id);
		if (event->payload.n <= ANSWER_INLINE_BYTES)
			json_kv_raw(&c->out, "payload", event->payload);
	}
	buf_adds(&c->out, "}\n");
}

void clients_tell_problem(struct supervisor *sv, uint64_t client, int64_t ref,
			  const struct sa_error *problem)
{
	struct client *c = find(sv, client);
	if (c)
		json_add_problem(&c->out, ref, problem);
}

void clients_tell_queued(struct supervisor *sv, uint64_t client, int64_t ref, int64_t index,
			 int64_t turns, int64_t number)
{
	struct client *c = find(sv, client);
	if (c)
		buf_addf(&c->out,
			 "{\"type\":\"queued\",\"ref\":%lld,\"eventIndex\":%lld,\"turns\":%lld,"
			 "\"promptId\":\"%lld\"}\n",
			 (long long)ref, (long long)index, (long long)turns, (long long)number);
}

void clients_tell_store_problem(struct supervisor *sv, const struct sa_error *problem)
{
	for (struct client *c = sv->clients; c; c = c->next)
		if (!c->is_gone)
			json_add_problem(&c->out, 0, problem);
}

void clients_tell_stopped(struct supervisor *sv)
{
	for (struct client *c = sv->clients; c; c = c->next)
		if (!c->is_gone && c->wants_stop_told)
			buf_addf(&c->out, "{\"type\":\"stopped\",\"ref\":%lld}\n",
				 (long long)c->stop_ref);
}
