#include "attach.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/terminal.h"
#include "os/io.h"
#include "process/link.h"
#include "viewer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	OUTPUT_BYTES = 64 * 1024,
	INPUT_BYTES = 16 * 1024,
	INPUT_PATIENCE_MS = 24 * 3600 * 1000, /* a pipe that is not read is waited for */
};

struct attach {
	struct folder *folder;
	const struct process *process;
	const struct attach_options *options;
	struct viewer viewer;
	struct terminal terminal; /* ours */
	bool is_input_over;
	bool is_detached;
	int signals;
	struct buf to_terminal; /* what the process's terminal has not taken yet */
};

/* --- our terminal --------------------------------------------------------------------- */

/* The process's terminal is as large as ours. */
static void copy_size(const struct attach *a)
{
	int cols, rows;
	if (a->viewer.terminal_fd < 0 || !terminal_size(&a->terminal, &cols, &rows))
		return;
	const struct winsize size = {.ws_col = (unsigned short)cols,
				     .ws_row = (unsigned short)rows};
	ioctl(a->viewer.terminal_fd, TIOCSWINSZ, &size);
}

static void take_signals(struct attach *a)
{
	bool is_resized = false;
	terminal_take_signals(a->signals, &is_resized, &a->is_detached);
	if (is_resized)
		copy_size(a);
}

/* --- in ------------------------------------------------------------------------------- */

static void write_terminal(struct attach *a)
{
	size_t done = 0;
	while (done < a->to_terminal.len) {
		ssize_t n = write(a->viewer.terminal_fd, a->to_terminal.data + done,
				  a->to_terminal.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		done = n < 0 ? a->to_terminal.len : done + (size_t)n;
	}
	buf_consume(&a->to_terminal, done);
}

/* Input for pipes goes through the supervisor, which holds their other end. */
static int pass_on(struct attach *a, struct span data, struct sa_error *err)
{
	if (a->viewer.terminal_fd >= 0) {
		buf_add_span(&a->to_terminal, data);
		write_terminal(a);
		return 0;
	}
	cleanup_free char *op = xasprintf("{\"op\":\"input\",\"bytes\":%zu}", data.n);
	return process_link_call(a->folder, a->process->id, op, data,
				 deadline_after(INPUT_PATIENCE_MS), err);
}

static int end_input(struct attach *a, struct sa_error *err)
{
	a->is_input_over = true;
	return process_link_call(a->folder, a->process->id, "{\"op\":\"close\"}", SPAN_LIT(""),
				 deadline_after(INPUT_PATIENCE_MS), err);
}

/* A process that ended meanwhile or closed its input is no error: the loop will see. */
static int take_input(struct attach *a, struct sa_error *err)
{
	char data[INPUT_BYTES];
	ssize_t n = read(0, data, sizeof(data));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	int rc;
	if (n <= 0) {
		rc = end_input(a, err);
	} else {
		char *key = a->terminal.is_raw && a->options->detach_key >= 0
				? memchr(data, a->options->detach_key, (size_t)n)
				: NULL;
		a->is_detached = key != NULL;
		rc = pass_on(a, (struct span){data, key ? (size_t)(key - data) : (size_t)n}, err);
	}
	if (rc < 0 && err->kind == PROBLEM_CONFLICT) {
		*err = SA_ERROR_INIT;
		a->is_input_over = true;
		return 0;
	}
	return rc;
}

/* --- out ------------------------------------------------------------------------------ */

static int show_output(struct attach *a, struct buf *data, struct sa_error *err)
{
	int rc;
	do {
		buf_clear(data);
		rc = viewer_read(&a->viewer, data, OUTPUT_BYTES, err);
		if (rc > 0 && io_write_all(1, buf_span(data)) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
		viewer_report(&a->viewer);
	} while (rc > 0);
	uint64_t lost = viewer_lost(&a->viewer);
	if (lost)
		fprintf(stderr, "sa-process attach: %llu bytes were dropped: not read in time\r\n",
			(unsigned long long)lost);
	return rc;
}

static int loop(struct attach *a, struct sa_error *err)
{
	cleanup_buf struct buf data = BUF_INIT(OUTPUT_BYTES * 2 + LOG_CHUNK_BYTES);
	for (;;) {
		bool has_ended = a->viewer.link_fd < 0;
		if (show_output(a, &data, err) < 0)
			return -1;
		if (has_ended || a->is_detached)
			return 0;
		bool is_full = a->to_terminal.len > 0;
		struct pollfd p[4] = {
		    {.fd = a->is_input_over || is_full ? -1 : 0, .events = POLLIN},
		    {.fd = a->viewer.link_fd, .events = POLLIN},
		    {.fd = is_full ? a->viewer.terminal_fd : -1, .events = POLLOUT},
		    {.fd = a->signals, .events = POLLIN},
		};
		if (poll(p, 4, -1) < 0 && errno != EINTR)
			return error_set_errno(err, PROBLEM_FAILED, errno, "wait");
		if (p[3].revents)
			take_signals(a);
		if (p[1].revents)
			viewer_take_wakes(&a->viewer);
		if (p[2].revents)
			write_terminal(a);
		if (p[0].revents && a->viewer.link_fd >= 0 && take_input(a, err) < 0)
			return -1;
	}
}

int attach_run(struct folder *folder, const struct process *process,
	       const struct attach_options *options, struct sa_error *err)
{
	static const struct log_query all = {.since = 0, .tail = -1, .stream = 0};
	struct attach a = {
	    .folder = folder,
	    .process = process,
	    .options = options,
	    .viewer = VIEWER_INIT,
	    .to_terminal = BUF_INIT(INPUT_BYTES * 2),
	};
	uint64_t scrollback = options->scrollback_bytes ? options->scrollback_bytes : 1;
	int rc = viewer_open(&a.viewer, folder, process, &all, scrollback, err);
	if (rc == 0) {
		if (process->is_tty)
			terminal_make_raw(&a.terminal);
		a.signals = terminal_watch_signals();
		copy_size(&a);
		rc = loop(&a, err);
		if (a.terminal.is_raw && a.is_detached)
			fprintf(stderr, "\r\n[detached; back with 'sa-process attach %s']\r\n",
				process->id);
		terminal_restore(&a.terminal);
		close(a.signals);
	}
	bool has_ended = a.viewer.link_fd < 0;
	viewer_close(&a.viewer);
	buf_free(&a.to_terminal);
	if (rc < 0 || !has_ended)
		return rc;
	cleanup_process struct process now = {.id = NULL};
	if (folder_read(folder, process->id, &now, err) < 0)
		return -1;
	return now.has_exit_code ? now.exit_code : 128 + now.end_signal;
}
