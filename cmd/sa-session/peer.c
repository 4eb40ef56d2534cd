#include "peer.h"

#include "agent/registry.h"
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "ops.h"
#include "os/io.h"
#include "os/sock.h"
#include "peer_start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the table ------------------------------------------------------------------ */

struct peer *peer_find(struct broker *broker, const char *id)
{
	for (struct peer *peer = broker->peers; peer; peer = peer->next)
		if (peer->state != PEER_GONE && strcmp(peer->id, id) == 0)
			return peer;
	return NULL;
}

struct peer *peer_new(struct broker *broker, const char *id, const char *agent)
{
	struct peer *peer = xcalloc(1, sizeof(*peer));
	*peer = (struct peer){
	    .broker = broker,
	    .next = broker->peers,
	    .id = xstrdup(id),
	    .agent = xstrdup(agent),
	    .launching = LAUNCHING_INIT,
	    .ready = WATCH_INIT,
	    .install_words = BUF_INIT(READY_WORDS_BYTES),
	    .link = WATCH_INIT,
	    .out = BUF_INIT(BUF_MAX_OWN),
	};
	job_queue_init(&peer->waiting);
	job_queue_init(&peer->after);
	broker->peers = peer;
	return peer;
}

static void free_peer(struct peer *peer)
{
	loop_close(&peer->broker->loop, &peer->link);
	peer_close_ready(peer);
	launching_clear(&peer->launching);
	lines_free(&peer->lines);
	buf_free(&peer->out);
	buf_free(&peer->install_words);
	server_clear(&peer->server);
	free(peer->id);
	free(peer->agent);
	free(peer->settings);
	free(peer);
}

void peers_sweep(struct broker *broker)
{
	for (struct peer **at = &broker->peers; *at;) {
		struct peer *peer = *at;
		if (peer->state != PEER_GONE) {
			at = &peer->next;
			continue;
		}
		*at = peer->next;
		free_peer(peer);
	}
}

void peers_free(struct broker *broker)
{
	for (struct peer *peer = broker->peers; peer; peer = peer->next)
		peer->state = PEER_GONE;
	peers_sweep(broker);
}

/* --- its end ----------------------------------------------------------------------- */

/* What clients want to know beside the words of an installation that failed. */
static void fail_waiting(struct peer *peer, struct job *job, const struct sa_error *why)
{
	struct buf more = BUF_INIT(BUF_MAX_OWN);
	if (why->kind == PROBLEM_INSTALL_FAILED) {
		json_kv_string(&more, "agent", peer->agent);
		json_key(&more, "details");
		json_open(&more, '{');
		json_kv_span(&more, "stderr", span_trim(buf_span(&peer->install_words)));
		json_close(&more, '}');
	}
	job_fail_with(job, why, buf_span(&more));
	buf_free(&more);
}

void peer_end(struct peer *peer, const struct sa_error *why)
{
	struct broker *broker = peer->broker;
	struct job *job;
	peer->state = PEER_GONE;
	loop_close(&peer->broker->loop, &peer->link);
	while ((job = job_queue_take(&peer->waiting))) {
		job->peer = NULL;
		fail_waiting(peer, job, why);
	}
	for (struct job *next = broker->jobs; (job = next);) {
		next = job->next;
		if (job->peer != peer || !job->peer_ref)
			continue;
		const struct peer_line over = {.type = SPAN_LIT("\"over\"")};
		job->peer = NULL;
		job->peer_ref = 0;
		/* For who waits for just that it is no failure. */
		if (job->is_end_wanted)
			job->on_line(job, &over);
		else
			job_fail(job, why);
		next = broker->jobs; /* answering one may end others */
	}
	while ((job = job_queue_take(&peer->after))) {
		job->peer = NULL;
		job->begin(job);
	}
}

void peer_forget(struct job *job)
{
	if (!job->peer)
		return;
	job_queue_remove(&job->peer->waiting, job);
	job_queue_remove(&job->peer->after, job);
	job->peer = NULL;
}

static void on_hangup(struct peer *peer)
{
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_AGENT_PROCESS_EXITED, "the supervisor of server '%s' has ended",
		  peer->id);
	peer_end(peer, &err);
}

/* --- hearing ------------------------------------------------------------------------ */

static struct job *find_job(struct peer *peer, int64_t ref)
{
	for (struct job *job = peer->broker->jobs; ref && job; job = job->next)
		if (job->peer == peer && job->peer_ref == ref)
			return job;
	return NULL;
}

/* A problem that concerns everybody: the store refuses, or a message was too long. */
static void fail_all(struct peer *peer, const struct peer_line *line)
{
	struct broker *broker = peer->broker;
	for (struct job *job = broker->jobs, *next; job; job = next) {
		next = job->next;
		if (job->peer == peer && job->peer_ref && !job->is_end_wanted)
			ops_take_problem(job, line);
	}
}

static void on_line(struct peer *peer, struct span text)
{
	static const char *const names[] = {"type",    "ref",  "eventIndex", "sessionId",
					    "payload", "kind", "detail",     "life",
					    "promptId"};
	struct span f[ARRAY_SIZE(names)];
	json_members(text, names, f, ARRAY_SIZE(names));
	const struct peer_line line = {f[0], f[1], f[2], f[3], f[4],
				       f[5], f[6], f[7], f[8]};
	int64_t ref = json_int_or(line.ref, 0);
	struct job *job = find_job(peer, ref);
	if (json_string_is(line.type, "bye")) {
		/* What is asked for from now on is for its successor. */
		peer->state = PEER_ENDING;
	} else if (job) {
		if (json_string_is(line.type, "accepted") || json_string_is(line.type, "queued"))
			job->accept_by = DEADLINE_NEVER;
		job->on_line(job, &line);
	} else if (json_string_is(line.type, "problem") && !line.ref.p) {
		fail_all(peer, &line);
	}
}

static void flush(struct peer *peer);

static void on_link(void *arg, uint32_t events)
{
	struct peer *peer = arg;
	char *room = peer->broker->link_buffer;
	struct span line;
	if (events & EPOLLOUT)
		flush(peer);
	if (peer->state == PEER_GONE || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	ssize_t n = recv(peer->link.fd, room, LINK_READ_BYTES, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		on_hangup(peer);
		return;
	}
	lines_feed(&peer->lines, (struct span){room, (size_t)n});
	while (peer->state != PEER_GONE && lines_next(&peer->lines, &line) == LINES_LINE)
		on_line(peer, line);
}

int peer_link(struct peer *peer, struct sa_error *err)
{
	int fd = sock_connect(peer->server.socket_dir ? peer->server.socket_dir : "/nonexistent",
			      RUNDIR_SOCKET, err);
	if (fd < 0)
		return error_prefix(err, "reach the supervisor of server '%s'", peer->id);
	io_set_nonblocking(fd);
	/* An event record is longer than the message in it. */
	lines_init(&peer->lines, BUF_MAX_OWN);
	if (loop_watch(&peer->broker->loop, &peer->link, fd, EPOLLIN, on_link, peer) < 0) {
		close(fd);
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "watch a supervisor");
	}
	peer->state = PEER_LINKED;
	struct job *job;
	while (peer->state == PEER_LINKED && (job = job_queue_take(&peer->waiting)))
		job->send(job);
	return 0;
}

/* --- telling -------------------------------------------------------------------------- */

/* False: it cannot be written to. The end of the link tells, there is nothing to do here. */
static bool send_some(struct peer *peer)
{
	size_t done = 0;
	while (done < peer->out.len) {
		ssize_t n = send(peer->link.fd, peer->out.data + done, peer->out.len - done,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	buf_consume(&peer->out, done);
	buf_shrink(&peer->out);
	return true;
}

static void flush(struct peer *peer)
{
	if (peer->link.fd < 0)
		return;
	if (!send_some(peer))
		buf_clear(&peer->out);
	loop_want(&peer->broker->loop, &peer->link, peer->out.len ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void peer_send(struct job *job, const char *op, struct span rest)
{
	struct peer *peer = job->peer;
	job->peer_ref = ++peer->next_ref;
	buf_addf(&peer->out, "{\"op\":\"%s\",\"ref\":%lld", op, (long long)job->peer_ref);
	buf_add_span(&peer->out, rest);
	buf_adds(&peer->out, "}\n");
	flush(peer);
}

void peer_submit(struct peer *peer, struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	job->peer = peer;
	if (peer->state == PEER_ENDING) {
		job_queue_add(&peer->after, job);
	} else if (peer->state != PEER_LINKED) {
		job_queue_add(&peer->waiting, job);
	} else if (peer->out.len > LINK_QUEUE_BYTES) {
		error_set(&err, PROBLEM_AGENT_STALLED, "server '%s' does not read its input",
			  peer->id);
		job_fail(job, &err);
	} else {
		job->send(job);
	}
}

void peer_stop(struct peer *peer, const char *outcome, const char *reason)
{
	if (peer->state == PEER_LINKED) {
		json_open(&peer->out, '{');
		json_kv_string(&peer->out, "op", "stop");
		json_kv_string(&peer->out, "outcome", outcome);
		json_kv_string(&peer->out, "reason", reason);
		json_kv_int(&peer->out, "graceMs", STOP_GRACE_MS);
		buf_adds(&peer->out, "}\n");
		flush(peer);
	}
	peer->state = PEER_ENDING;
}
