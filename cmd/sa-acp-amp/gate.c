#include "gate.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/sock.h"
#include "question.h"
#include "rules.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void gate_init(struct gate *gate, struct loop *loop)
{
	*gate = (struct gate){.loop = loop, .watch = WATCH_INIT};
}

char *gate_settings(const struct gate *gate)
{
	return xasprintf("%s/" GATE_SETTINGS, gate->folder);
}

/* --- those who ask ----------------------------------------------------------------------- */

static void on_line(void *arg, struct span line)
{
	struct gate_peer *peer = arg;
	if (!peer->question && !peer->is_answered)
		question_asked(peer->session, peer, line);
}

/* It has waited long enough, or Amp has ended it. */
static void on_end(void *arg)
{
	struct gate_peer *peer = arg;
	peer->is_gone = true;
	if (peer->question)
		question_left(peer->question);
	peer->question = NULL;
}

static void on_long(void *arg, struct span head, uint64_t bytes)
{
	(void)head;
	(void)bytes;
	gate_answer(arg, "The call is too long to be shown to the user.");
}

static void on_accept(void *arg, uint32_t events)
{
	static const struct wire_events wire_events = {on_line, on_long, on_end};
	struct session *session = arg;
	struct gate *gate = &session->gate;
	cleanup_close int fd = sock_accept(gate->watch.fd);
	cleanup_close int out = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	size_t count = 0;
	(void)events;
	for (struct gate_peer *peer = gate->peers; peer; peer = peer->next)
		count++;
	if (out < 0 || count >= GATE_PEERS_MAX)
		return;
	struct gate_peer *peer = xcalloc(1, sizeof(*peer));
	if (wire_init(&peer->wire, gate->loop, TAKE_FD(fd), TAKE_FD(out), GATE_LINE_BYTES,
		      &wire_events, peer) < 0) {
		wire_free(&peer->wire);
		free(peer);
		return;
	}
	peer->session = session;
	peer->next = gate->peers;
	gate->peers = peer;
}

void gate_answer(struct gate_peer *peer, const char *answer)
{
	peer->question = NULL;
	if (peer->is_answered)
		return;
	peer->is_answered = true;
	buf_addf(wire_queue(&peer->wire), "%s\n", answer);
	wire_flush(&peer->wire);
}

void gate_tick(struct gate *gate)
{
	for (struct gate_peer **link = &gate->peers; *link;) {
		struct gate_peer *peer = *link;
		if (!peer->is_gone) {
			link = &peer->next;
			continue;
		}
		*link = peer->next;
		wire_free(&peer->wire);
		free(peer);
	}
}

/* --- the folder ---------------------------------------------------------------------------- */

static int link_helper(const char *folder, struct sa_error *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	cleanup_free char *path = xasprintf("%s/" GATE_HELPER, folder);
	if (n > 0)
		self[n] = '\0';
	if (n <= 0 || symlink(self, path) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make '%s'", path);
	return 0;
}

static int make_folder(struct session *session, struct sa_error *err)
{
	struct gate *gate = &session->gate;
	const char *base = getenv("TMPDIR");
	cleanup_free char *folder =
	    xasprintf("%s/sa-acp-amp.XXXXXX", base && *base == '/' ? base : "/tmp");
	if (!mkdtemp(folder))
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a folder like '%s'",
				       folder);
	gate->folder = TAKE_PTR(folder);
	cleanup_close int fd = sock_listen(gate->folder, GATE_SOCKET, err);
	if (fd < 0 || link_helper(gate->folder, err) < 0)
		return -1;
	if (loop_watch(gate->loop, &gate->watch, fd, EPOLLIN, on_accept, session) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch a socket");
	TAKE_FD(fd);
	return 0;
}

int gate_open(struct session *session, struct sa_error *err)
{
	struct gate *gate = &session->gate;
	if (!gate->folder && make_folder(session, err) < 0) {
		gate_close(gate);
		return -1;
	}
	cleanup_free char *helper = xasprintf("%s/" GATE_HELPER, gate->folder);
	cleanup_free char *settings = gate_settings(gate);
	return rules_write(session->base.adapter, settings, helper, err);
}

void gate_close(struct gate *gate)
{
	static const char *const names[] = {GATE_SETTINGS, GATE_HELPER, GATE_SOCKET};
	for (struct gate_peer *peer = gate->peers; peer; peer = peer->next)
		peer->is_gone = true;
	gate_tick(gate);
	int fd = gate->watch.fd;
	loop_forget(gate->loop, &gate->watch);
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; gate->folder && i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = xasprintf("%s/%s", gate->folder, names[i]);
		unlink(path);
	}
	if (gate->folder)
		rmdir(gate->folder);
	free(gate->folder);
	gate_init(gate, gate->loop);
}
