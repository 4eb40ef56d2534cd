/* logs: what a process printed, once or as it comes; as records, bytes or server-sent events. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "cli/command.h"
#include "http/sse.h"
#include "os/io.h"
#include "process/folder.h"
#include "verbs.h"
#include "viewer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	OUT_BYTES = 64 * 1024,
	KEEPALIVE_MS = 15000,  /* of silence on an event stream */
	UNANSWERED_MS = 60000, /* a peer that acknowledges nothing is gone */
};

enum form { FORM_JSON, FORM_BYTES, FORM_EVENTS };

struct logs {
	enum form form;
	struct viewer viewer;
	struct buf out;
	struct buf entry;
	int64_t spoken_ms; /* monotonic */
};

static int parse_number(const char *text, const char *name, uint64_t *ret, struct sa_error *err)
{
	if (text && num_parse_u64(span_of(text), INT64_MAX, ret) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--%s is a whole number, not '%s'",
				 name, text);
	return 0;
}

static int parse_query(const struct options *o, const struct process *process,
		       struct log_query *ret, struct sa_error *err)
{
	uint64_t since = 0, last = 0, tail = UINT64_MAX;
	const char *label;
	const char *last_id = o->last_event_id && *o->last_event_id ? o->last_event_id : NULL;
	if (parse_number(o->since, "since", &since, err) < 0 ||
	    parse_number(last_id, "last-event-id", &last, err) < 0 ||
	    parse_number(o->tail, "tail", &tail, err) < 0 ||
	    query_stream(o->stream, process->is_tty, &ret->stream, &label, err) < 0)
		return -1;
	/* A client that comes back has seen all up to its last event. */
	ret->since = last > since ? last : since;
	ret->tail = o->tail ? (int64_t)tail : -1;
	return 0;
}

static int flush(struct logs *l, int fd, struct sa_error *err)
{
	if (l->out.len == 0)
		return 0;
	if (io_write_all(fd, buf_span(&l->out)) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write the log");
	buf_clear(&l->out);
	l->spoken_ms = clock_monotonic_ms();
	return 0;
}

static int add(struct logs *l, const struct log_entry *entry, struct sa_error *err)
{
	int fd = entry->stream == LOG_STDERR ? 2 : 1;
	switch (l->form) {
	case FORM_BYTES:
		/* As the process printed it, each stream where it belongs. */
		buf_add_span(&l->out, entry->data);
		return flush(l, fd, err);
	case FORM_JSON:
		query_add_entry(&l->out, entry);
		buf_addc(&l->out, '\n');
		return 0;
	case FORM_EVENTS:
		buf_clear(&l->entry);
		query_add_entry(&l->entry, entry);
		return sse_frame_add(&l->out, "log", entry->sequence, buf_span(&l->entry));
	}
	return 0;
}

/* All there is now. */
static int copy(struct logs *l, bool is_follow, struct sa_error *err)
{
	struct log_entry entry;
	int rc;
	while ((rc = is_follow ? viewer_next(&l->viewer, &entry, err)
			       : query_next_old(&l->viewer.run, &entry, err)) == 1) {
		if (add(l, &entry, err) < 0)
			return -1;
		if (l->out.len < OUT_BYTES)
			continue;
		if (flush(l, 1, err) < 0)
			return -1;
		viewer_report(&l->viewer);
	}
	if (rc < 0 || flush(l, 1, err) < 0)
		return -1;
	viewer_report(&l->viewer);
	return 0;
}

/* Wait for more; 0 when the reader has gone. */
static int wait_for_more(struct logs *l, struct sa_error *err)
{
	struct pollfd p[2] = {
	    {.fd = l->viewer.link_fd, .events = POLLIN},
	    {.fd = 1, .events = POLLRDHUP},
	};
	int64_t at = l->form == FORM_EVENTS ? l->spoken_ms + KEEPALIVE_MS : DEADLINE_NEVER;
	if (poll(p, 2, deadline_poll_ms(at)) < 0 && errno != EINTR)
		return error_set_errno(err, PROBLEM_FAILED, errno, "wait");
	if (p[1].revents & (POLLHUP | POLLERR | POLLRDHUP))
		return 0;
	if (p[0].revents)
		viewer_take_wakes(&l->viewer);
	if (at <= clock_monotonic_ms()) {
		sse_comment_add(&l->out, "");
		if (flush(l, 1, err) < 0)
			return -1;
	}
	return 1;
}

static int follow(struct logs *l, struct sa_error *err)
{
	for (;;) {
		/* Before the read: what came until the end is shown. */
		bool has_ended = l->viewer.link_fd < 0;
		if (copy(l, true, err) < 0)
			return -1;
		if (has_ended)
			return SA_EXIT_OK;
		int rc = wait_for_more(l, err);
		if (rc <= 0)
			return rc < 0 ? -1 : SA_EXIT_OK;
	}
}

int verb_logs(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_folder struct folder folder = FOLDER_INIT;
	cleanup_process struct process process = {.id = NULL};
	struct log_query query;
	const char *id = verb_one_id(argc, argv, err);
	if (!id || folder_open(&folder, err) < 0 || folder_read(&folder, id, &process, err) < 0 ||
	    parse_query(o, &process, &query, err) < 0)
		return -1;
	struct logs l = {
	    .form = o->is_sse			     ? FORM_EVENTS
		    : command_wants_text(&o->common) ? FORM_BYTES
						     : FORM_JSON,
	    .viewer = VIEWER_INIT,
	    .out = BUF_INIT(OUT_BYTES * 4),
	    .entry = BUF_INIT(OUT_BYTES),
	    .spoken_ms = clock_monotonic_ms(),
	};
	int unanswered = UNANSWERED_MS;
	/* No TCP connection, no such option: no harm. */
	if (o->is_sse)
		setsockopt(1, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof(unanswered));
	int rc = viewer_open(&l.viewer, &folder, &process, &query, 0, err);
	if (rc == 0)
		rc = o->is_follow ? follow(&l, err) : copy(&l, false, err);
	if (rc == 0 && viewer_lost(&l.viewer) && l.form == FORM_BYTES)
		rc = error_set(err, PROBLEM_FAILED, "some output was dropped: not read in time");
	viewer_close(&l.viewer);
	buf_free(&l.out);
	buf_free(&l.entry);
	return rc;
}
