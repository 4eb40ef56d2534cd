/*
 * The client's connection is our standard output. Everything that is told
 * is looked up in the store, so it does not matter who did it: another
 * client, a shell, an agent. A look follows each change of the store:
 *
 *   sessions: new, changed, gone        -> session.created, .updated, .deleted
 *   servers:  records behind position   -> messages, parts, asks, status
 *
 * A slow reader blocks our write and nobody else; it misses nothing.
 */
#include "stream.h"

#include "agent/launch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "http/sse.h"
#include "os/io.h"
#include "roster.h"
#include "tell.h"
#include "watch.h"
#include "json/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEARTBEAT_MS = 10000,
	CALM_MS = 15,	/* between two looks: a burst of commits is one look */
	BLIND_MS = 250, /* between two looks at a store that cannot be watched */
	REPLAY_SLACK_MS =
	    2000, /* records of several servers do not come in the order of their times */
};

struct stream {
	const struct stream_options *options;
	struct store *store;
	struct hearing watch;
	struct roster roster;
	struct teller teller;
	int64_t beat_at;
	int64_t look_at; /* once more after a change; or never */
};

static int flush(struct stream *s, struct sa_error *err)
{
	struct buf *out = &s->teller.out;
	if (out->len == 0)
		return 0;
	if (io_write_all(STDOUT_FILENO, buf_span(out)) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
	buf_clear(out);
	buf_shrink(out);
	return 0;
}

static void beat(struct stream *s)
{
	tell(&s->teller, "server.heartbeat", SPAN_LIT("{}"), 0);
	sse_comment_add(&s->teller.out, "");
	s->beat_at = deadline_after(HEARTBEAT_MS);
}

static void greet(struct stream *s)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	int64_t now = clock_now_ms();
	tell(&s->teller, "server.connected", SPAN_LIT("{}"), now);
	json_open(&b, '{');
	json_kv_string(&b, "name", s->teller.directory);
	json_kv_string(&b, "branch", "main");
	json_close(&b, '}');
	tell(&s->teller, "worktree.ready", buf_span(&b), now);
	beat(s);
}

/* What else is being committed just now? Then one look is enough. As wait_for_news(). */
static int wait_for_calm(struct stream *s, struct sa_error *err)
{
	int64_t calm_at = deadline_after(CALM_MS);
	s->look_at = deadline_after(HEARING_LATE_MS);
	while (clock_monotonic_ms() < calm_at) {
		int rc = hearing_wait(&s->watch, deadline_poll_ms(calm_at), STDOUT_FILENO, err);
		if (rc < 0 || rc == 2)
			return rc < 0 ? -1 : 0;
	}
	return 1;
}

/* 1: look; 0: the client has left; -1 */
static int wait_for_news(struct stream *s, struct sa_error *err)
{
	bool is_blind = s->watch.fd < 0;
	if (is_blind)
		s->look_at = deadline_after(BLIND_MS);
	int64_t at = s->look_at < s->beat_at ? s->look_at : s->beat_at;
	int rc = hearing_wait(&s->watch, deadline_poll_ms(at), STDOUT_FILENO, err);
	if (rc < 0 || rc == 2)
		return rc < 0 ? -1 : 0;
	if (clock_monotonic_ms() >= s->look_at)
		s->look_at = DEADLINE_NEVER;
	if (clock_monotonic_ms() >= s->beat_at) {
		/* A supervisor that was killed has said nothing. */
		if (launch_reap_all(s->store, err) < 0)
			return -1;
		beat(s);
	}
	return rc == 1 ? wait_for_calm(s, err) : 1;
}

static int begin(struct stream *s, struct sa_error *err)
{
	int64_t since = INT64_MAX;
	if (s->options->after != UINT64_MAX)
		since = (int64_t)(s->options->after & INT64_MAX) - REPLAY_SLACK_MS;
	if (launch_reap_all(s->store, err) < 0 ||
	    roster_begin(&s->roster, s->store, &s->teller, since, err) < 0)
		return -1;
	return flush(s, err);
}

static int serve(struct stream *s, struct sa_error *err)
{
	/* Whoever has read the greeting hears of all that happens from then on. */
	greet(s);
	if (begin(s, err) < 0)
		return -1;
	for (;;) {
		/* The first one finds what came while we were beginning. */
		if (roster_look(&s->roster, s->store, &s->teller, err) < 0 || flush(s, err) < 0)
			return -1;
		int rc = wait_for_news(s, err);
		if (rc <= 0)
			return rc;
		if (flush(s, err) < 0)
			return -1;
	}
}

int stream_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct stream_options *o = arg;
	struct stream s = {
	    .look_at = DEADLINE_NEVER,
	    .options = o,
	    .watch = HEARING_INIT,
	    .teller = {.out = BUF_INIT(BUF_MAX_OWN), .is_global = o->is_global},
	};
	cleanup_free char *here =
	    realpath(o->directory && *o->directory ? o->directory : ".", NULL);
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no operand is wanted, not '%s'",
				 argv[0]);
	s.teller.directory = here ? here : o->directory;
	cleanup_store struct store *store = store_open(err);
	s.store = store;
	int rc = -1;
	if (store) {
		hearing_open(&s.watch, store);
		rc = serve(&s, err);
	}
	roster_free(&s.roster);
	buf_free(&s.teller.out);
	return rc < 0 ? -1 : SA_EXIT_OK;
}
