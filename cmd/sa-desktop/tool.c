#include "tool.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/spawn.h"
#include "json/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

void words_add(struct words *w, const char *word)
{
	if (w->count < TOOL_ARGS_MAX)
		w->items[w->count++] = word;
}

/* --- tools ------------------------------------------------------------------------------ */

/* Text as a descriptor that is read from its start. -1 with errno. */
static int fd_of_text(struct span text)
{
	cleanup_close int fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || io_write_all(fd, text) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return TAKE_FD(fd);
}

struct stream {
	int fd; /* our end; -1 when at its end */
	struct buf *text;
};

static void read_stream(struct stream *s)
{
	ssize_t n = io_read_some(s->fd, s->text, 16384);
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return;
	close(s->fd);
	s->fd = -1;
}

/* Until both streams and the process have ended, or the deadline. Is it over? */
static bool gather(struct stream *streams, int pidfd, const struct tool *tool, int64_t deadline)
{
	bool has_ended = false;
	while (!has_ended || streams[0].fd >= 0 || streams[1].fd >= 0) {
		struct pollfd p[3] = {{.fd = streams[0].fd, .events = POLLIN},
				      {.fd = streams[1].fd, .events = POLLIN},
				      {.fd = has_ended ? -1 : pidfd, .events = POLLIN}};
		int n = poll(p, 3, deadline_poll_ms(deadline));
		if (n == 0)
			return false;
		for (int i = 0; i < 2; i++)
			if (n > 0 && p[i].revents)
				read_stream(&streams[i]);
		if (n > 0 && p[2].revents)
			has_ended = true;
		if (tool->is_one_line && streams[0].text->len &&
		    memchr(streams[0].text->data, '\n', streams[0].text->len))
			return true;
	}
	return true;
}

/* A pipe whose write end goes to the child. 0, or -1 with err. */
static int open_pipe(int *ret_read, int *ret_write, struct sa_error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "a pipe");
	*ret_read = fds[0];
	*ret_write = fds[1];
	return 0;
}

static int wait_for(pid_t pid, struct stream *streams, const struct tool *tool,
		    struct sa_error *err)
{
	int64_t ms = tool->deadline_ms ? tool->deadline_ms : TOOL_DEADLINE_MS;
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool is_over = gather(streams, pidfd, tool, deadline_after(ms));
	/* Its group too: it leads one. */
	if (!is_over || tool->is_one_line)
		kill(-pid, SIGKILL);
	int status = spawn_wait(pid);
	for (int i = 0; i < 2; i++)
		if (streams[i].fd >= 0)
			close(streams[i].fd);
	if (!is_over)
		return error_set(err, PROBLEM_TIMEOUT, "%s did not end within %lld ms",
				 tool->words.items[0], (long long)ms);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int tool_run(const struct tool *tool, struct buf *out, struct buf *errors, struct sa_error *err)
{
	struct spawn spawn = SPAWN_INIT;
	struct stream streams[2] = {{-1, out}, {-1, errors}};
	cleanup_close int input = tool->input.p ? fd_of_text(tool->input) : -1;
	cleanup_close int out_end = -1;
	cleanup_close int error_end = -1;
	if (tool->input.p && input < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "input for %s",
				       tool->words.items[0]);
	if (tool->out_fd < 0 && open_pipe(&streams[0].fd, &out_end, err) < 0)
		return -1;
	if (open_pipe(&streams[1].fd, &error_end, err) < 0) {
		if (streams[0].fd >= 0)
			close(streams[0].fd);
		return -1;
	}
	spawn.path = tool->words.items[0];
	spawn.argv = (char *const *)tool->words.items;
	if (tool->input_fd >= 0)
		lseek(tool->input_fd, 0, SEEK_SET);
	spawn.fds[0] = tool->input_fd >= 0 ? tool->input_fd : input;
	spawn.fds[1] = tool->out_fd >= 0 ? tool->out_fd : out_end;
	spawn.fds[2] = error_end;
	spawn.is_session_leader = true;
	pid_t pid = spawn_start(&spawn, err);
	if (pid < 0) {
		for (int i = 0; i < 2; i++)
			if (streams[i].fd >= 0)
				close(streams[i].fd);
		return -1;
	}
	if (out_end >= 0)
		close(TAKE_FD(out_end));
	if (error_end >= 0)
		close(TAKE_FD(error_end));
	return wait_for(pid, streams, tool, err);
}

/* --- managed processes -------------------------------------------------------------------- */

/* What sa-process said on standard error, as our error. */
static int take_problem(struct span text, struct sa_error *err)
{
	text = span_trim(text);
	if (json_check(text, NULL) < 0)
		return error_set(err, PROBLEM_FAILED, "sa-process: %.*s", SPAN_ARG(text));
	cleanup_free char *type = json_string_dup(json_get(text, "type"));
	cleanup_free char *detail = json_string_dup(json_get(text, "detail"));
	const char *kind = type ? strrchr(type, ':') : NULL;
	return error_set(err, kind ? problem_kind_of_name(kind + 1) : PROBLEM_FAILED, "%s",
			 detail ? detail : "sa-process failed");
}

/* sa-process with these words; its output. 0, or -1. */
static int run_manager(struct tool *tool, struct buf *out, struct sa_error *err)
{
	cleanup_free char *program = dirs_find_sibling("sa-process");
	cleanup_buf struct buf errors = BUF_INIT(TOOL_TEXT_BYTES);
	if (!program)
		return error_set(err, PROBLEM_FAILED, "sa-process is not there");
	tool->words.items[0] = program;
	int rc = tool_run(tool, out, &errors, err);
	return rc == 0			     ? 0
	       : rc < 0 || tool->is_one_line ? rc
					     : take_problem(buf_span(&errors), err);
}

int managed_start(struct desktop *d, const char *const *argv, struct part *ret,
		  struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	char display[DISPLAY_BYTES];
	cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES);
	cleanup_free char *home = xasprintf("%s/home", d->folder);
	cleanup_free char *home_entry = xasprintf("HOME=%s", home);
	cleanup_free char *bus_entry = xasprintf("DBUS_SESSION_BUS_ADDRESS=%s", d->state.bus);
	desktop_display(&d->state, display);
	cleanup_free char *display_entry = xasprintf("DISPLAY=%s", display);
	if (dirs_make(home, err) < 0)
		return -1;
	WORDS_ADD(&tool.words, "sa-process", "start", "--json", "--owner", "desktop", "--cwd", home,
		  "--env", home_entry, "--env", display_entry);
	if (d->state.bus[0])
		WORDS_ADD(&tool.words, "--env", bus_entry);
	words_add(&tool.words, "--");
	for (; *argv; argv++)
		words_add(&tool.words, *argv);
	if (run_manager(&tool, &out, err) < 0)
		return -1;
	struct span record = span_trim(buf_span(&out));
	cleanup_free char *id = json_string_dup(json_get(record, "id"));
	if (!id)
		return error_set(err, PROBLEM_FAILED, "sa-process answered without an id");
	*ret = (struct part){.who = {.pid = 0}};
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	/* One that has ended already is nobody. */
	procid_of((pid_t)json_int_or(json_get(record, "pid"), 0), &ret->who);
	return 0;
}

int managed_first_line(const struct part *part, const char *stream, struct buf *line,
		       struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES);
	tool.is_one_line = true;
	tool.deadline_ms = READY_DEADLINE_MS;
	WORDS_ADD(&tool.words, "sa-process", "logs", "--json", "--follow", "--stream", stream, "--",
		  part->id);
	int rc = run_manager(&tool, &out, err);
	const char *end = out.len ? memchr(out.data, '\n', out.len) : NULL;
	if (rc < 0)
		return -1;
	if (!end)
		return error_set(err, PROBLEM_FAILED, "it ended before it was ready");
	struct span record = {out.data, (size_t)(end - out.data)};
	cleanup_buf struct buf data = BUF_INIT(TOOL_TEXT_BYTES);
	json_string_add(&data, json_get(record, "data"));
	if (json_string_is(json_get(record, "encoding"), "base64"))
		base64_decode(line, buf_span(&data));
	else
		buf_add_span(line, buf_span(&data));
	while (line->len && strchr("\r\n", line->data[line->len - 1]))
		line->data[--line->len] = '\0';
	return 0;
}

void managed_end(struct part *part)
{
	static const char *const verbs[] = {"stop", "kill"};
	for (size_t i = 0; i < ARRAY_SIZE(verbs) && part->id[0]; i++) {
		struct tool tool = TOOL_INIT;
		struct sa_error ignored = SA_ERROR_INIT;
		cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES);
		tool.deadline_ms = END_DEADLINE_MS;
		WORDS_ADD(&tool.words, "sa-process", verbs[i], "--json", "--wait", "4s", "--",
			  part->id);
		run_manager(&tool, &out, &ignored);
		if (!procid_is_alive(part->who))
			break;
	}
	*part = (struct part){.who = {.pid = 0}};
}

void managed_forget(struct part *part)
{
	struct tool tool = TOOL_INIT;
	struct sa_error ignored = SA_ERROR_INIT;
	cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES);
	cleanup_free char *id = xstrdup(part->id);
	managed_end(part);
	WORDS_ADD(&tool.words, "sa-process", "rm", "--json", "--", id);
	if (*id)
		run_manager(&tool, &out, &ignored);
}
