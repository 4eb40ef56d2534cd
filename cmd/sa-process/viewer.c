#include "viewer.h"

#include "process/link.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* Without a supervisor to talk to the process has ended, or is about to. */
static void join(struct viewer *v, const char *id)
{
	struct sa_error ignored = SA_ERROR_INIT;
	v->link_fd = process_link_open(v->folder, id, &ignored);
	if (v->link_fd >= 0 && process_link_watch(v->link_fd, &v->terminal_fd, &ignored) < 0) {
		close(v->link_fd);
		v->link_fd = -1;
	}
}

/* Let the reader begin with what is in the scrollback. */
static int skip_to_scrollback(struct viewer *v, uint64_t bytes, struct sa_error *err)
{
	struct log_query query = v->run.query;
	struct log_entry entry;
	int rc;
	if (v->run.end.offset <= bytes)
		return 0;
	uint64_t from = v->run.end.offset - bytes;
	while ((rc = query_next_old(&v->run, &entry, err)) == 1 && entry.offset < from)
		query.since = entry.sequence;
	if (rc < 0)
		return -1;
	query_close(&v->run);
	return query_open(&v->run, v->dir_fd, v->run.limit_bytes, &query, err);
}

int viewer_open(struct viewer *v, struct folder *folder, const struct process *process,
		const struct log_query *query, uint64_t scrollback_bytes, struct sa_error *err)
{
	*v = VIEWER_INIT;
	v->folder = folder;
	v->dir_fd = folder_open_process(folder, process->id, err);
	if (v->dir_fd < 0)
		return -1;
	/* Watch first, look then: nothing falls in between. */
	if (!process->is_exited)
		join(v, process->id);
	v->replay = REPLAY_INIT;
	v->is_replaying = scrollback_bytes > 0;
	if (query_open(&v->run, v->dir_fd, process->log_limit_bytes, query, err) < 0)
		return -1;
	if (v->is_replaying && skip_to_scrollback(v, scrollback_bytes, err) < 0)
		return -1;
	if (v->link_fd >= 0) {
		v->reported = v->run.reader.next.offset;
		process_link_report(v->link_fd, v->reported);
	}
	return 0;
}

void viewer_close(struct viewer *v)
{
	query_close(&v->run);
	if (v->dir_fd >= 0)
		close(v->dir_fd);
	if (v->link_fd >= 0)
		close(v->link_fd);
	if (v->terminal_fd >= 0)
		close(v->terminal_fd);
	v->dir_fd = v->link_fd = v->terminal_fd = -1;
}

void viewer_take_wakes(struct viewer *v)
{
	int rc = process_link_take_wakes(v->link_fd);
	log_reader_refresh(&v->run.reader);
	if (rc > 0 || (rc < 0 && errno == EAGAIN))
		return;
	close(v->link_fd);
	v->link_fd = -1;
}

int viewer_next(struct viewer *v, struct log_entry *ret, struct sa_error *err)
{
	return query_next(&v->run, ret, err);
}

/* A program that draws on the whole screen draws it anew, for the size that it is. */
static void ask_to_redraw(const struct viewer *v)
{
	pid_t group = v->terminal_fd >= 0 ? tcgetpgrp(v->terminal_fd) : -1;
	if (group > 1)
		kill(-group, SIGWINCH);
}

static void end_replay(struct viewer *v, struct buf *out)
{
	v->is_replaying = false;
	replay_end(&v->replay, out);
	if (v->replay.is_fullscreen)
		ask_to_redraw(v);
}

int viewer_read(struct viewer *v, struct buf *out, size_t max, struct sa_error *err)
{
	size_t start = out->len;
	struct log_entry entry;
	int rc = 0;
	while (out->len - start < max && (rc = query_next(&v->run, &entry, err)) == 1) {
		if (v->is_replaying && entry.sequence >= v->run.end.next_sequence)
			end_replay(v, out);
		if (v->is_replaying)
			replay_add(&v->replay, entry.data, out);
		else
			buf_add_span(out, entry.data);
	}
	if (rc < 0)
		return -1;
	/* All that was there is shown, and nothing is half said. */
	if (rc == 0 && v->is_replaying && v->replay.state == REPLAY_TEXT)
		end_replay(v, out);
	return out->len > start;
}

void viewer_report(struct viewer *v)
{
	uint64_t now = v->run.reader.next.offset;
	if (v->link_fd < 0 || now - v->reported < PROCESS_REPORT_BYTES)
		return;
	v->reported = now;
	process_link_report(v->link_fd, now);
}

uint64_t viewer_lost(struct viewer *v)
{
	uint64_t lost = v->run.reader.lost_bytes - v->lost_told;
	v->lost_told = v->run.reader.lost_bytes;
	return lost;
}
