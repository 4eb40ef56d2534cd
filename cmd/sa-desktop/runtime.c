/*
 * Start, stop, status. A program is ready when it says so itself: Xvfb by
 * -displayfd, openbox by --startup, dbus-daemon by --print-address, each as
 * the first line of its standard output.
 */
#include "op.h"
#include "tool.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	DISPLAY_FIRST = 99,
	DISPLAY_LAST = 65535 - 6000, /* as TCP ports have them */
	SIDE_MOST = 32767,	     /* X11 coordinates are 16 bits, signed */
	DPI_MOST = 1200,
	FPS_MOST = 120,
	PIXELS_MOST = 64 << 20, /* of one screen: 256 MB at 32 bits */
};

/* For the tools; this program asks for no display itself. 0, or -1. */
static int use_display(const struct desktop *d, struct sa_error *err)
{
	char display[DISPLAY_BYTES];
	desktop_display(&d->state, display);
	return setenv("DISPLAY", display, 1) == 0
		   ? 0
		   : error_set_errno(err, PROBLEM_FAILED, errno, "DISPLAY");
}

/* --- telling -------------------------------------------------------------------------------- */

static void add_parts(struct buf *b, const struct state *s)
{
	json_key(b, "processes");
	json_open(b, '[');
	for (int i = 0; s->is_active && i < PART_COUNT; i++) {
		if (!s->parts[i].id[0])
			continue;
		bool is_alive = part_is_alive(&s->parts[i]);
		json_open(b, '{');
		json_kv_string(b, "name", part_name(i));
		if (is_alive)
			json_kv_int(b, "pid", s->parts[i].who.pid);
		json_kv_bool(b, "running", is_alive);
		json_kv_string(b, "processId", s->parts[i].id);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void add_display(struct buf *b, const struct state *s)
{
	char display[DISPLAY_BYTES];
	desktop_display(s, display);
	json_kv_string(b, "display", display);
	json_key(b, "resolution");
	json_open(b, '{');
	json_kv_int(b, "width", s->width);
	json_kv_int(b, "height", s->height);
	json_kv_int(b, "dpi", s->dpi);
	json_close(b, '}');
	json_kv_time(b, "startedAt", s->started_ms);
}

static void add_error(struct buf *b, const char *code, const char *message)
{
	json_key(b, "lastError");
	json_open(b, '{');
	json_kv_string(b, "code", code);
	json_kv_string(b, "message", message);
	json_close(b, '}');
}

/* When there are any. */
static void add_windows(struct desktop *d, struct buf *b)
{
	struct sa_error ignored = SA_ERROR_INIT;
	cleanup_buf struct buf windows = BUF_INIT(BUF_MAX_OWN);
	if (use_display(d, &ignored) == 0 && windows_add(&windows, &ignored) > 0)
		json_kv_raw(b, "windows", buf_span(&windows));
}

static int tell(struct desktop *d, struct buf *b)
{
	const struct state *s = &d->state;
	cleanup_buf struct buf missing = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *log = desktop_log_path(d);
	size_t count = missing_add(&missing);
	bool has_died = s->is_active && !part_is_alive(&s->parts[PART_XVFB]);
	json_open(b, '{');
	json_kv_string(b, "state",
		       has_died	      ? "failed"
		       : s->is_active ? "active"
		       : count	      ? "install_required"
				      : "inactive");
	if (s->is_active)
		add_display(b, s);
	if (has_died)
		add_error(b, "desktop_runtime_failed", "the display has ended");
	else if (count)
		add_error(b, "desktop_dependencies_missing", "programs are missing");
	json_kv_raw(b, "missingDependencies", buf_span(&missing));
	if (count)
		json_kv_string(b, "installCommand", INSTALL_COMMAND);
	add_parts(b, s);
	json_kv_string(b, "runtimeLogPath", log);
	if (s->is_active && !has_died && count == 0)
		add_windows(d, b);
	json_close(b, '}');
	return 0;
}

int op_status(struct desktop *d, const struct filter_request *r, struct buf *out,
	      struct filter_reply *reply, struct sa_error *err)
{
	(void)r, (void)reply, (void)err;
	return tell(d, out);
}

/* --- starting ------------------------------------------------------------------------------- */

/* Does something listen there, on either of the two sockets that a display has? */
static bool is_taken(int number)
{
	for (int is_abstract = 0; is_abstract < 2; is_abstract++) {
		struct sockaddr_un a = {.sun_family = AF_UNIX};
		int n = snprintf(a.sun_path + is_abstract, sizeof(a.sun_path) - 1,
				 "/tmp/.X11-unix/X%d", number);
		cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		socklen_t size =
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1);
		if (connect(fd, (struct sockaddr *)&a, size) == 0 || errno == EAGAIN)
			return true;
	}
	return false;
}

/* Start one and wait for its line. 0, or -1 with PROBLEM_DESKTOP_RUNTIME_FAILED. */
static int start_part(struct desktop *d, enum part_kind kind, const char *const *argv,
		      struct buf *line, struct sa_error *err)
{
	struct part *part = &d->state.parts[kind];
	if (managed_start(d, argv, part, err) == 0 &&
	    managed_first_line(part, "stdout", line, err) == 0) {
		desktop_log(d, "%s is ready: pid %d, %s", part_name(kind), (int)part->who.pid,
			    part->id);
		return 0;
	}
	cleanup_free char *why = xstrdup(err->message);
	desktop_log(d, "%s does not start: %s", part_name(kind), why);
	managed_end(part);
	return error_set(err, PROBLEM_DESKTOP_RUNTIME_FAILED, "%s does not start: %s",
			 part_name(kind), why);
}

static int start_display(struct desktop *d, struct sa_error *err)
{
	struct state *s = &d->state;
	char display[DISPLAY_BYTES];
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *screen = xasprintf("%dx%dx24", s->width, s->height);
	cleanup_free char *dpi = xasprintf("%d", s->dpi);
	desktop_display(s, display);
	const char *argv[] = {"Xvfb",	   display, "-screen",	  "0", screen,	   "-dpi", dpi,
			      "-nolisten", "tcp",   "-displayfd", "1", "-noreset", NULL};
	return start_part(d, PART_XVFB, argv, &line, err);
}

static int start_bus(struct desktop *d, struct sa_error *err)
{
	static const char *const argv[] = {"dbus-daemon", "--session",	       "--nofork",
					   "--nopidfile", "--print-address=1", NULL};
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *program = dirs_find_on_path(argv[0]);
	d->state.bus[0] = '\0';
	if (!program)
		return 0;
	if (start_part(d, PART_DBUS, argv, &line, err) < 0)
		return -1;
	snprintf(d->state.bus, sizeof(d->state.bus), "%s", line.data);
	return 0;
}

static int start_manager(struct desktop *d, struct sa_error *err)
{
	static const char *const argv[] = {"openbox", "--startup", "echo ready", NULL};
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	return start_part(d, PART_OPENBOX, argv, &line, err);
}

static void end_parts(struct desktop *d)
{
	for (int i = PART_COUNT - 1; i >= 0; i--)
		managed_end(&d->state.parts[i]);
}

/* All that does not run, in order. 0; -1 with what ran before still running. */
static int start_missing(struct desktop *d, struct sa_error *err)
{
	struct part *parts = d->state.parts;
	if (!part_is_alive(&parts[PART_XVFB])) {
		/* Nothing outlives its display. */
		end_parts(d);
		d->state.recording[0] = '\0';
		if (start_display(d, err) < 0)
			return -1;
	}
	if (parts[PART_DBUS].id[0] == '\0' || !part_is_alive(&parts[PART_DBUS]))
		if (start_bus(d, err) < 0)
			return -1;
	if (!part_is_alive(&parts[PART_OPENBOX]))
		return start_manager(d, err);
	return 0;
}

static bool is_whole(const struct desktop *d)
{
	const struct part *parts = d->state.parts;
	return part_is_alive(&parts[PART_XVFB]) && part_is_alive(&parts[PART_OPENBOX]);
}

static int read_wish(const struct filter_request *r, struct state *s, struct sa_error *err)
{
	int64_t width = 1440, height = 900, dpi = 96, fps = 30, number = 0;
	bool has, has_number;
	if (body_int(r, "width", 1, SIDE_MOST, &width, &has, err) < 0 ||
	    body_int(r, "height", 1, SIDE_MOST, &height, &has, err) < 0 ||
	    body_int(r, "dpi", 1, DPI_MOST, &dpi, &has, err) < 0 ||
	    body_int(r, "recordingFps", 1, FPS_MOST, &fps, &has, err) < 0 ||
	    body_int(r, "displayNum", 1, DISPLAY_LAST, &number, &has_number, err) < 0)
		return -1;
	if (width * height > PIXELS_MOST)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "a screen has at most %d pixels", PIXELS_MOST);
	if (has_number && is_taken((int)number))
		return error_set(err, PROBLEM_CONFLICT, "display :%lld is taken",
				 (long long)number);
	for (number = has_number ? number : DISPLAY_FIRST; is_taken((int)number); number++)
		if (number == DISPLAY_LAST)
			return error_set(err, PROBLEM_DESKTOP_RUNTIME_FAILED, "no display is free");
	*s = (struct state){
	    .is_active = true,
	    .display_number = (int)number,
	    .width = (int)width,
	    .height = (int)height,
	    .dpi = (int)dpi,
	    .fps = (int)fps,
	    .started_ms = clock_now_ms(),
	};
	return 0;
}

int op_start(struct desktop *d, const struct filter_request *r, struct buf *out,
	     struct filter_reply *reply, struct sa_error *err)
{
	(void)reply;
	if (missing_check(d, err) < 0 || desktop_lock(d, err) < 0)
		return -1;
	if (d->state.is_active && is_whole(d))
		return tell(d, out);
	if (!d->state.is_active) {
		if (read_wish(r, &d->state, err) < 0)
			return -1;
		if (d->is_filter)
			procid_of(getpid(), &d->state.starter);
	}
	if (start_missing(d, err) < 0) {
		end_parts(d);
		d->state.is_active = false;
		struct sa_error ignored = SA_ERROR_INIT;
		desktop_write(d, &ignored);
		return -1;
	}
	return desktop_write(d, err) < 0 ? -1 : tell(d, out);
}

int runtime_ensure(struct desktop *d, struct sa_error *err)
{
	if (missing_check(d, err) < 0)
		return -1;
	if (!d->state.is_active)
		return error_set(err, PROBLEM_DESKTOP_RUNTIME_INACTIVE,
				 "the desktop has not been started");
	if (!is_whole(d)) {
		if (desktop_lock(d, err) < 0)
			return -1;
		if (!d->state.is_active)
			return error_set(err, PROBLEM_DESKTOP_RUNTIME_INACTIVE,
					 "the desktop has just been stopped");
		if (start_missing(d, err) < 0 || desktop_write(d, err) < 0)
			return -1;
		desktop_unlock(d);
	}
	return use_display(d, err);
}

/* --- stopping ------------------------------------------------------------------------------- */

static int stop(struct desktop *d, struct sa_error *err)
{
	if (!d->state.is_active)
		return 0;
	end_parts(d);
	d->state = (struct state){.is_active = false};
	desktop_log(d, "stopped");
	return desktop_write(d, err);
}

int op_stop(struct desktop *d, const struct filter_request *r, struct buf *out,
	    struct filter_reply *reply, struct sa_error *err)
{
	(void)r, (void)reply;
	if (desktop_lock(d, err) < 0 || stop(d, err) < 0)
		return -1;
	return tell(d, out);
}

/* The server ends: so does the desktop that it, or a server that is dead, was asked to start. */
int op_shutdown(struct desktop *d, const struct filter_request *r, struct buf *out,
		struct filter_reply *reply, struct sa_error *err)
{
	(void)r, (void)out, (void)reply;
	if (!d->state.is_active || !d->state.starter.pid)
		return 0;
	if (d->state.starter.pid != getpid() && procid_is_alive(d->state.starter))
		return 0;
	return desktop_lock(d, err) < 0 ? -1 : stop(d, err);
}
