#include "socket.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "frames.h"
#include "viewer.h"
#include "json/write.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include <wslay/wslay.h>

enum {
	FRAME_BYTES = 64 * 1024,       /* of output in one frame */
	OUT_PAUSE_BYTES = 128 * 1024,  /* above, the client's frames wait until it reads ours */
	INPUT_PAUSE_BYTES = 64 * 1024, /* above, they wait until the program reads */
	FRAME_OVERHEAD_BYTES = 4096,
	TURN_BYTES = 64 * 1024, /* of the client's frames before others have their turn */
	PING_MS = 30000,	/* of silence */
	GOODBYE_MS = 2000,	/* for the client's part of the closing handshake */
	UNANSWERED_MS = 60000,	/* a peer that acknowledges nothing is gone */
};

struct socket {
	const struct socket_options *options;
	const struct process *process;
	struct folder *folder;
	struct viewer viewer;
	wslay_event_context_ptr ws;
	struct buf out;		/* frames that the connection has not taken yet */
	struct buf to_terminal; /* input that the terminal has not taken yet */
	uint64_t input_max;
	size_t taken;	   /* bytes of the client in this turn */
	bool is_drained;   /* the connection had less than we asked for */
	bool has_rest;	   /* some of its bytes may be in wslay's buffer */
	bool is_behind;	   /* there may be output that was not read yet */
	int64_t spoken_ms; /* monotonic, when we sent something */
	int64_t goodbye;   /* monotonic deadline once we have said all; 0: not yet */
	bool is_gone;	   /* the client */
};

/* --- bytes --------------------------------------------------------------------------- */

static ssize_t on_send(wslay_event_context_ptr ws, const uint8_t *data, size_t n, int flags,
		       void *arg)
{
	struct socket *s = arg;
	(void)flags;
	if (buf_add(&s->out, data, n) == 0)
		return (ssize_t)n;
	wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
	return -1;
}

/* Does the client's next frame have to wait? */
static bool is_paused(const struct socket *s)
{
	return s->out.len > OUT_PAUSE_BYTES || s->to_terminal.len > INPUT_PAUSE_BYTES;
}

static ssize_t on_receive(wslay_event_context_ptr ws, uint8_t *data, size_t n, int flags, void *arg)
{
	struct socket *s = arg;
	ssize_t got = 0;
	(void)flags;
	if (s->taken >= TURN_BYTES || is_paused(s)) {
		s->has_rest = true;
		wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (s->options->preread_fd >= 0)
		got = read(s->options->preread_fd, data, n);
	bool is_drained = got <= 0 && s->is_drained;
	while (got <= 0 && !is_drained) {
		got = recv(s->options->fd, data, n, MSG_DONTWAIT);
		if (got >= 0 || errno != EINTR)
			break;
	}
	if (got > 0) {
		s->is_drained = (size_t)got < n;
		s->taken += (size_t)got;
		return got;
	}
	if (is_drained || (got < 0 && errno == EAGAIN)) {
		wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	s->is_gone = true;
	wslay_event_set_error(ws, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

/* Frames to bytes, bytes to the connection, as far as it takes them. */
static void flush(struct socket *s)
{
	size_t done = 0;
	wslay_event_send(s->ws);
	while (done < s->out.len) {
		ssize_t n = send(s->options->fd, s->out.data + done, s->out.len - done,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			s->is_gone = true;
		if (n < 0)
			break;
		done += (size_t)n;
		s->spoken_ms = clock_monotonic_ms();
	}
	buf_consume(&s->out, done);
}

/* --- frames out ------------------------------------------------------------------------ */

static void queue(struct socket *s, uint8_t opcode, struct span data)
{
	const struct wslay_event_msg message = {opcode, (const uint8_t *)data.p, data.n};
	wslay_event_queue_msg(s->ws, &message);
}

static void say_ready(struct socket *s)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "type", "ready");
	json_kv_string(&b, "processId", s->process->id);
	json_close(&b, '}');
	queue(s, WSLAY_TEXT_FRAME, buf_span(&b));
}

static void say_error(struct socket *s, const char *message)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "type", "error");
	json_kv_string(&b, "message", message);
	json_close(&b, '}');
	queue(s, WSLAY_TEXT_FRAME, buf_span(&b));
}

/* The closing handshake, behind what is queued: wslay would let it overtake. */
static void say_goodbye(struct socket *s)
{
	wslay_event_send(s->ws);
	wslay_event_queue_close(s->ws, 0, NULL, 0);
	s->goodbye = deadline_after(GOODBYE_MS);
}

/* How it ended, and the closing handshake. */
static void say_exit(struct socket *s)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_process struct process now = {.id = NULL};
	struct sa_error ignored = SA_ERROR_INIT;
	bool is_known = folder_read(s->folder, s->process->id, &now, &ignored) == 0;
	json_open(&b, '{');
	json_kv_string(&b, "type", "exit");
	json_key(&b, "exitCode");
	if (is_known && now.has_exit_code)
		json_add_int(&b, now.exit_code);
	else
		json_add_null(&b);
	if (is_known && now.end_signal)
		json_kv_string(&b, "signal", process_signal_name(now.end_signal));
	json_close(&b, '}');
	queue(s, WSLAY_TEXT_FRAME, buf_span(&b));
	say_goodbye(s);
}

/* The next output, once the connection has taken what it had. */
static int show_output(struct socket *s, struct sa_error *err)
{
	cleanup_buf struct buf data = BUF_INIT(FRAME_BYTES * 2 + LOG_CHUNK_BYTES);
	while (s->is_behind && !s->goodbye && !s->is_gone && s->out.len == 0) {
		buf_clear(&data);
		/* Before the read: what came until it ended is shown. */
		bool has_ended = s->viewer.link_fd < 0;
		int rc = viewer_read(&s->viewer, &data, FRAME_BYTES, err);
		if (rc < 0)
			return -1;
		uint64_t lost = viewer_lost(&s->viewer);
		if (lost) {
			cleanup_free char *text = xasprintf(
			    "%llu bytes of output were dropped: they were not read in time",
			    (unsigned long long)lost);
			say_error(s, text);
		}
		if (rc == 0 && has_ended)
			say_exit(s);
		else if (rc > 0)
			queue(s, WSLAY_BINARY_FRAME, buf_span(&data));
		/* Less than a frame was all there was, and the next wake tells of more. */
		s->is_behind = rc > 0 && (has_ended || data.len >= FRAME_BYTES);
		flush(s);
		viewer_report(&s->viewer);
	}
	return 0;
}

/* --- frames in ------------------------------------------------------------------------- */

static void write_terminal(struct socket *s)
{
	size_t done = 0;
	while (s->viewer.terminal_fd >= 0 && done < s->to_terminal.len) {
		ssize_t n = write(s->viewer.terminal_fd, s->to_terminal.data + done,
				  s->to_terminal.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		/* A terminal that nobody holds any more: its end is about to be told. */
		done = n < 0 ? s->to_terminal.len : done + (size_t)n;
	}
	buf_consume(&s->to_terminal, done);
}

static void obey(struct socket *s, const struct frame *frame)
{
	struct winsize size = {.ws_col = (unsigned short)frame->cols,
			       .ws_row = (unsigned short)frame->rows};
	switch (frame->kind) {
	case FRAME_INPUT:
		if (s->viewer.terminal_fd < 0)
			say_error(s, "the process is not running");
		else if (buf_add_span(&s->to_terminal, buf_span(&frame->input)) < 0)
			say_error(s, "too much input is waiting");
		else
			write_terminal(s);
		break;
	case FRAME_RESIZE:
		if (s->viewer.terminal_fd < 0 ||
		    ioctl(s->viewer.terminal_fd, TIOCSWINSZ, &size) < 0)
			say_error(s, "the process is not running");
		break;
	case FRAME_CLOSE:
		say_goodbye(s);
		break;
	}
}

static void on_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *m,
		       void *arg)
{
	struct socket *s = arg;
	struct sa_error err = SA_ERROR_INIT;
	struct frame frame = {.input = BUF_INIT(s->input_max)};
	(void)ws;
	if (wslay_is_ctrl_frame(m->opcode) || s->goodbye)
		return;
	if (m->opcode == WSLAY_BINARY_FRAME)
		say_error(s, "input comes in text frames");
	else if (frame_parse((struct span){(const char *)m->msg, m->msg_length}, &frame, &err) < 0)
		say_error(s, err.message);
	else
		obey(s, &frame);
	buf_free(&frame.input);
}

/* --- the loop ---------------------------------------------------------------------------- */

/* Frames behind a close frame: unread, they would take what we said last with them. */
static void drop_frames(struct socket *s)
{
	char waste[4096];
	ssize_t n = recv(s->options->fd, waste, sizeof(waste), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		s->is_gone = true;
}

static void take_frames(struct socket *s)
{
	if (!wslay_event_get_read_enabled(s->ws)) {
		drop_frames(s);
		return;
	}
	s->taken = 0;
	s->has_rest = s->is_drained = false;
	if (wslay_event_recv(s->ws) < 0)
		s->is_gone = true;
	/* It closed, or broke the protocol, which wslay answers with a close frame. */
	if (!s->goodbye && !wslay_event_get_read_enabled(s->ws))
		s->goodbye = deadline_after(GOODBYE_MS);
}

static int wait_ms(const struct socket *s)
{
	if (s->has_rest && !is_paused(s))
		return 0;
	return deadline_poll_ms(s->goodbye ? s->goodbye : s->spoken_ms + PING_MS);
}

static int turn(struct socket *s, struct sa_error *err)
{
	struct pollfd p[3] = {
	    {.fd = s->options->fd, .events = POLLRDHUP},
	    {.fd = s->viewer.link_fd, .events = POLLIN},
	    {.fd = s->to_terminal.len ? s->viewer.terminal_fd : -1, .events = POLLOUT},
	};
	if (!is_paused(s))
		p[0].events |= POLLIN;
	if (s->out.len)
		p[0].events |= POLLOUT;
	if (poll(p, 3, wait_ms(s)) < 0 && errno != EINTR)
		return error_set_errno(err, PROBLEM_FAILED, errno, "wait");
	if (p[1].revents) {
		viewer_take_wakes(&s->viewer);
		s->is_behind = true;
	}
	if (p[2].revents)
		write_terminal(s);
	if (p[0].revents & POLLIN || (s->has_rest && !is_paused(s)))
		take_frames(s);
	else if (p[0].revents & (POLLERR | POLLHUP | POLLRDHUP))
		s->is_gone = true;
	if (!s->goodbye && clock_monotonic_ms() - s->spoken_ms >= PING_MS) {
		s->spoken_ms = clock_monotonic_ms();
		queue(s, WSLAY_PING, SPAN_LIT(""));
	}
	flush(s);
	return show_output(s, err);
}

/* Until the client is gone, or both sides have closed and all of it is sent. */
static bool is_done(const struct socket *s)
{
	if (s->is_gone || (s->goodbye && deadline_poll_ms(s->goodbye) == 0))
		return true;
	return s->out.len == 0 && wslay_event_get_close_sent(s->ws) &&
	       wslay_event_get_close_received(s->ws);
}

static int begin(struct socket *s, struct sa_error *err)
{
	static const struct wslay_event_callbacks callbacks = {
	    .recv_callback = on_receive,
	    .send_callback = on_send,
	    .on_msg_recv_callback = on_message,
	};
	static const struct log_query all = {.since = 0, .tail = -1, .stream = 0};
	int one = 1, unanswered = UNANSWERED_MS;
	/* No TCP, no such options: no harm. */
	setsockopt(s->options->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(s->options->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof(unanswered));
	if (wslay_event_context_server_init(&s->ws, &callbacks, s) != 0)
		return error_set(err, PROBLEM_FAILED, "make a WebSocket");
	/* As base64 or with each character escaped, input is up to six times as long. */
	wslay_event_config_set_max_recv_msg_length(s->ws, s->input_max * 6 + FRAME_OVERHEAD_BYTES);
	return viewer_open(&s->viewer, s->folder, s->process, &all,
			   s->options->scrollback_bytes ? s->options->scrollback_bytes : 1, err);
}

int socket_serve(struct folder *folder, const struct process *process,
		 const struct socket_options *options, struct sa_error *err)
{
	struct process_config config;
	process_config_load(folder->fd, &config);
	struct socket s = {
	    .options = options,
	    .process = process,
	    .folder = folder,
	    .viewer = VIEWER_INIT,
	    .out = BUF_INIT(BUF_MAX_OWN),
	    .input_max = (uint64_t)config.max_input_bytes,
	    .is_behind = true,
	    .spoken_ms = clock_monotonic_ms(),
	};
	buf_init(&s.to_terminal, INPUT_PAUSE_BYTES * 2 + s.input_max);
	int rc = begin(&s, err);
	if (rc == 0) {
		say_ready(&s);
		/* Frames that came before us are not told by poll(). */
		take_frames(&s);
		flush(&s);
		rc = show_output(&s, err);
	}
	while (rc == 0 && !is_done(&s))
		rc = turn(&s, err);
	if (s.ws)
		wslay_event_context_free(s.ws);
	viewer_close(&s.viewer);
	buf_free(&s.out);
	buf_free(&s.to_terminal);
	return rc < 0 ? -1 : SA_EXIT_OK;
}
