#include "desktop.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

static const char *const part_names[PART_COUNT] = {"Xvfb",	"openbox", "dbus",     "ffmpeg",
						   "clipboard", "primary", "secondary"};

const char *part_name(enum part_kind kind)
{
	return part_names[kind];
}

bool part_is_alive(const struct part *part)
{
	return part->id[0] && procid_is_alive(part->who);
}

void desktop_display(const struct state *state, char *out)
{
	snprintf(out, DISPLAY_BYTES, ":%d", state->display_number);
}

/* --- the folder ------------------------------------------------------------------------- */

int desktop_open(struct desktop *d, struct sa_error *err)
{
	cleanup_free char *base = dirs_state();
	if (!base)
		return error_set(err, PROBLEM_FAILED, "there is no home folder for the state");
	d->folder = xasprintf("%s/desktop", base);
	/* The programs get another HOME, and what keeps them must find its folder still. */
	cleanup_free char *state_home = xstrdup(base);
	*strrchr(state_home, '/') = '\0';
	if (setenv("XDG_STATE_HOME", state_home, 1) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "XDG_STATE_HOME");
	if (dirs_make(d->folder, err) < 0)
		return -1;
	d->folder_fd = open(d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->folder_fd < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "%s", d->folder);
	return desktop_read(d, err);
}

void desktop_close(struct desktop *d)
{
	desktop_unlock(d);
	if (d->folder_fd >= 0)
		close(d->folder_fd);
	free(d->folder);
	buf_free(&d->extensions);
}

int desktop_lock(struct desktop *d, struct sa_error *err)
{
	if (d->lock_fd < 0)
		d->lock_fd = openat(d->folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (d->lock_fd < 0 || flock(d->lock_fd, LOCK_EX) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "%s/lock", d->folder);
	return desktop_read(d, err);
}

void desktop_unlock(struct desktop *d)
{
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	d->lock_fd = -1;
}

char *desktop_log_path(const struct desktop *d)
{
	return xasprintf("%s/desktop-runtime.log", d->folder);
}

void desktop_log(const struct desktop *d, const char *fmt, ...)
{
	char time[CLOCK_TEXT_BYTES];
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	cleanup_close int fd = openat(d->folder_fd, "desktop-runtime.log",
				      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	va_list ap;
	clock_format(clock_now_ms(), time);
	buf_addf(&line, "%s ", time);
	va_start(ap, fmt);
	buf_vaddf(&line, fmt, ap);
	va_end(ap);
	buf_addc(&line, '\n');
	if (fd >= 0)
		io_write_all(fd, buf_span(&line));
}

/* --- the state -------------------------------------------------------------------------- */

static void read_procid(struct span value, struct procid *ret)
{
	ret->pid = (pid_t)json_int_or(json_get(value, "pid"), 0);
	ret->start = (uint64_t)json_int_or(json_get(value, "start"), 0);
}

static void read_text(struct span value, char *out, size_t size)
{
	cleanup_free char *text = json_string_dup(value);
	snprintf(out, size, "%s", text ? text : "");
}

int desktop_read(struct desktop *d, struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/state.json", d->folder);
	cleanup_buf struct buf text = BUF_INIT(STATE_BYTES);
	char boot[BOOT_ID_BYTES];
	struct state *s = &d->state;
	*s = (struct state){.is_active = false};
	if (io_read_file(path, &text, err) < 0) {
		if (err->kind != PROBLEM_NOT_FOUND)
			return -1;
		*err = SA_ERROR_INIT;
		return 0;
	}
	struct span v = span_trim(buf_span(&text));
	if (json_check(v, NULL) < 0)
		return error_set(err, PROBLEM_FAILED, "%s is not JSON", path);
	procid_boot_id(boot);
	if (!json_string_is(json_get(v, "bootId"), boot))
		return 0;
	s->is_active = true;
	s->display_number = (int)json_int_or(json_get(v, "displayNumber"), 0);
	s->width = (int)json_int_or(json_get(v, "width"), 0);
	s->height = (int)json_int_or(json_get(v, "height"), 0);
	s->dpi = (int)json_int_or(json_get(v, "dpi"), 0);
	s->fps = (int)json_int_or(json_get(v, "fps"), 0);
	s->started_ms = json_int_or(json_get(v, "startedAtMs"), 0);
	read_procid(json_get(v, "starter"), &s->starter);
	read_text(json_get(v, "bus"), s->bus, sizeof(s->bus));
	read_text(json_get(v, "recording"), s->recording, sizeof(s->recording));
	for (int i = 0; i < PART_COUNT; i++) {
		struct span part = json_get(json_get(v, "parts"), part_names[i]);
		read_text(json_get(part, "id"), s->parts[i].id, sizeof(s->parts[i].id));
		read_procid(part, &s->parts[i].who);
	}
	return 0;
}

static void add_procid(struct buf *b, struct procid id)
{
	json_kv_int(b, "pid", id.pid);
	json_kv_int(b, "start", (int64_t)id.start);
}

static void add_state(struct buf *b, const struct state *s)
{
	char boot[BOOT_ID_BYTES];
	procid_boot_id(boot);
	json_open(b, '{');
	json_kv_string(b, "bootId", boot);
	json_kv_int(b, "displayNumber", s->display_number);
	json_kv_int(b, "width", s->width);
	json_kv_int(b, "height", s->height);
	json_kv_int(b, "dpi", s->dpi);
	json_kv_int(b, "fps", s->fps);
	json_kv_int(b, "startedAtMs", s->started_ms);
	json_key(b, "starter");
	json_open(b, '{');
	add_procid(b, s->starter);
	json_close(b, '}');
	json_kv_string(b, "bus", s->bus);
	json_kv_string(b, "recording", s->recording);
	json_key(b, "parts");
	json_open(b, '{');
	for (int i = 0; i < PART_COUNT; i++) {
		if (!s->parts[i].id[0])
			continue;
		json_key(b, part_names[i]);
		json_open(b, '{');
		json_kv_string(b, "id", s->parts[i].id);
		add_procid(b, s->parts[i].who);
		json_close(b, '}');
	}
	json_close(b, '}');
	json_close(b, '}');
}

int desktop_write(struct desktop *d, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(STATE_BYTES);
	if (!d->state.is_active) {
		if (unlinkat(d->folder_fd, "state.json", 0) == 0 || errno == ENOENT)
			return 0;
		return error_set_errno(err, PROBLEM_FAILED, errno, "%s/state.json", d->folder);
	}
	add_state(&text, &d->state);
	buf_addc(&text, '\n');
	/* Under the lock: the name of the fresh file is nobody else's. */
	if (io_replace_at(d->folder_fd, "state.json", "state.new", buf_span(&text), true) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "%s/state.json", d->folder);
	return 0;
}

/* --- what has to be installed -------------------------------------------------------------- */

static bool is_there(const char *program)
{
	cleanup_free char *path = dirs_find_on_path(program);
	return path != NULL;
}

size_t missing_add(struct buf *b)
{
	static const char *const wanted[] = {"Xvfb", "openbox", "xdotool", "import", "xrandr"};
	size_t count = 0;
	json_open(b, '[');
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (is_there(wanted[i]))
			continue;
		json_add_string(b, span_of(wanted[i]));
		count++;
	}
	json_close(b, ']');
	return count;
}

static int tell_missing(struct desktop *d, struct span list, struct sa_error *err)
{
	buf_clear(&d->extensions);
	json_kv_raw(&d->extensions, "missingDependencies", list);
	json_kv_string(&d->extensions, "installCommand", INSTALL_COMMAND);
	return error_set(err, PROBLEM_DESKTOP_DEPENDENCIES_MISSING,
			 "programs are missing: %.*s; see '" INSTALL_COMMAND "'", SPAN_ARG(list));
}

int missing_check(struct desktop *d, struct sa_error *err)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	return missing_add(&list) == 0 ? 0 : tell_missing(d, buf_span(&list), err);
}

int missing_check_one(struct desktop *d, const char *program, struct sa_error *err)
{
	cleanup_buf struct buf list = BUF_INIT(BUF_MAX_OWN);
	if (is_there(program))
		return 0;
	json_open(&list, '[');
	json_add_string(&list, span_of(program));
	json_close(&list, ']');
	return tell_missing(d, buf_span(&list), err);
}
