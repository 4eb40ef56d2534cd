/*
 * Recordings: recordings/rec_N.mp4, with what is known of it in rec_N.json.
 * Numbers count up; recordings/last is the greatest that was ever given.
 */
#include "op.h"
#include "tool.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FPS_MOST = 120, RECORD_BYTES = 4096 };

static int open_folder(struct desktop *d, struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/recordings", d->folder);
	if (dirs_make(path, err) < 0)
		return -1;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set_errno(err, PROBLEM_FAILED, errno, "%s", path) : fd;
}

static uint64_t last_number(struct desktop *d)
{
	cleanup_free char *path = xasprintf("%s/recordings/last", d->folder);
	cleanup_buf struct buf text = BUF_INIT(RECORD_BYTES);
	struct sa_error ignored = SA_ERROR_INIT;
	uint64_t number = 0;
	if (io_read_file(path, &text, &ignored) == 0)
		num_parse_u64(span_trim(buf_span(&text)), UINT32_MAX, &number);
	return number;
}

/* rec_N with N as it was given, nothing else: it becomes a file's name. */
static bool is_id(const char *id)
{
	uint64_t number;
	return strncmp(id, "rec_", 4) == 0 &&
	       num_parse_u64(span_of(id + 4), UINT32_MAX, &number) == 0 && id[4] != '0';
}

static int not_found(struct desktop *d, const char *id, struct sa_error *err)
{
	buf_clear(&d->extensions);
	json_key(&d->extensions, "details");
	json_open(&d->extensions, '{');
	json_kv_string(&d->extensions, "resource", "desktop_recording");
	json_kv_string(&d->extensions, "id", id);
	json_close(&d->extensions, '}');
	return error_set(err, PROBLEM_NOT_FOUND, "there is no recording '%.100s'", id);
}

static bool is_active(const struct desktop *d, const char *id)
{
	return d->state.is_active && strcmp(d->state.recording, id) == 0 &&
	       part_is_alive(&d->state.parts[PART_RECORDER]);
}

/* Append the record as it is now. 0, or -1 with PROBLEM_NOT_FOUND. */
static int add_record(struct desktop *d, const char *id, struct buf *b, struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/recordings/%s.json", d->folder, id);
	cleanup_free char *file = xasprintf("%s/recordings/%s.mp4", d->folder, id);
	cleanup_free char *name = xasprintf("%s.mp4", id);
	cleanup_buf struct buf text = BUF_INIT(RECORD_BYTES);
	struct stat st = {.st_size = 0};
	if (!is_id(id) || io_read_file(path, &text, err) < 0 ||
	    json_check(buf_span(&text), NULL) < 0)
		return not_found(d, id, err);
	struct span record = span_trim(buf_span(&text));
	bool has_file = stat(file, &st) == 0;
	bool is_running = is_active(d, id);
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "status",
		       is_running		    ? "recording"
		       : has_file && st.st_size > 0 ? "completed"
						    : "failed");
	json_kv_raw(b, "processId", json_get(record, "processId"));
	json_kv_string(b, "fileName", name);
	json_kv_int(b, "bytes", st.st_size);
	json_kv_raw(b, "startedAt", json_get(record, "startedAt"));
	if (!is_running && has_file)
		json_kv_time(b, "endedAt", st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
	json_close(b, '}');
	return 0;
}

int op_recordings(struct desktop *d, const struct filter_request *r, struct buf *out,
		  struct filter_reply *reply, struct sa_error *err)
{
	uint64_t last = last_number(d);
	(void)r, (void)reply, (void)err;
	json_open(out, '{');
	json_key(out, "recordings");
	json_open(out, '[');
	for (uint64_t i = 1; i <= last; i++) {
		struct sa_error ignored = SA_ERROR_INIT;
		cleanup_free char *id = xasprintf("rec_%llu", (unsigned long long)i);
		add_record(d, id, out, &ignored);
	}
	buf_clear(&d->extensions);
	json_close(out, ']');
	json_close(out, '}');
	return 0;
}

int op_recording_show(struct desktop *d, const struct filter_request *r, struct buf *out,
		      struct filter_reply *reply, struct sa_error *err)
{
	cleanup_free char *id = filter_param_wanted(r, "id", err);
	(void)reply;
	return id ? add_record(d, id, out, err) : -1;
}

int op_recording_delete(struct desktop *d, const struct filter_request *r, struct buf *out,
			struct filter_reply *reply, struct sa_error *err)
{
	cleanup_free char *id = filter_param_wanted(r, "id", err);
	cleanup_buf struct buf record = BUF_INIT(BUF_MAX_OWN);
	(void)reply, (void)out;
	if (!id || desktop_lock(d, err) < 0 || add_record(d, id, &record, err) < 0)
		return -1;
	if (is_active(d, id))
		return error_set(err, PROBLEM_CONFLICT, "%s is being recorded; stop it first", id);
	cleanup_free char *file = xasprintf("%s.mp4", id);
	cleanup_free char *about = xasprintf("%s.json", id);
	cleanup_close int folder = open_folder(d, err);
	if (folder < 0)
		return -1;
	if ((unlinkat(folder, file, 0) < 0 && errno != ENOENT) || unlinkat(folder, about, 0) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "remove %s", id);
	return 0;
}

int op_recording_download(struct desktop *d, const struct filter_request *r, struct buf *out,
			  struct filter_reply *reply, struct sa_error *err)
{
	cleanup_free char *id = filter_param_wanted(r, "id", err);
	cleanup_buf struct buf record = BUF_INIT(BUF_MAX_OWN);
	struct stat st;
	(void)out;
	if (!id || add_record(d, id, &record, err) < 0)
		return -1;
	if (is_active(d, id))
		return error_set(err, PROBLEM_CONFLICT, "%s is being recorded; stop it first", id);
	cleanup_free char *path = xasprintf("%s/recordings/%s.mp4", d->folder, id);
	cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return not_found(d, id, err);
	reply->headers = SPAN_LIT("{\"content-type\":\"video/mp4\"}");
	reply->offset = 0;
	reply->length = st.st_size;
	reply->fd = TAKE_FD(fd);
	return 0;
}

/* --- recording ------------------------------------------------------------------------------ */

static int start_recorder(struct desktop *d, const char *id, int64_t fps, struct sa_error *err)
{
	const struct state *s = &d->state;
	char display[DISPLAY_BYTES];
	desktop_display(s, display);
	cleanup_free char *size = xasprintf("%dx%d", s->width, s->height);
	cleanup_free char *rate = xasprintf("%lld", (long long)fps);
	cleanup_free char *path = xasprintf("%s/recordings/%s.mp4", d->folder, id);
	/* H.264 in 4:2:0 wants even sides. */
	const char *argv[] = {"ffmpeg",	     "-hide_banner",
			      "-nostdin",    "-y",
			      "-f",	     "x11grab",
			      "-video_size", size,
			      "-framerate",  rate,
			      "-i",	     display,
			      "-vf",	     "crop=trunc(iw/2)*2:trunc(ih/2)*2",
			      "-c:v",	     "libx264",
			      "-preset",     "ultrafast",
			      "-pix_fmt",    "yuv420p",
			      "-movflags",   "+faststart",
			      path,	     NULL};
	return managed_start(d, argv, &d->state.parts[PART_RECORDER], err);
}

/* Its number and its record come first: one that cannot be written does not begin. 0, or -1. */
static int write_record(struct desktop *d, uint64_t number, const char *id, struct sa_error *err)
{
	cleanup_buf struct buf record = BUF_INIT(RECORD_BYTES), count = BUF_INIT(RECORD_BYTES);
	cleanup_free char *name = xasprintf("%s.json", id);
	cleanup_close int folder = open_folder(d, err);
	if (folder < 0)
		return -1;
	buf_addf(&count, "%llu\n", (unsigned long long)number);
	json_open(&record, '{');
	json_kv_string(&record, "processId", d->state.parts[PART_RECORDER].id);
	json_kv_time(&record, "startedAt", clock_now_ms());
	json_close(&record, '}');
	if (io_replace_at(folder, "last", "last.new", buf_span(&count), true) < 0 ||
	    io_replace_at(folder, name, "record.new", buf_span(&record), true) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "the record of %s", id);
	return 0;
}

int op_recording_start(struct desktop *d, const struct filter_request *r, struct buf *out,
		       struct filter_reply *reply, struct sa_error *err)
{
	int64_t fps = d->state.fps;
	bool has;
	(void)reply;
	if (runtime_ensure(d, err) < 0) {
		/* Clients know this one as a conflict. */
		if (err->kind == PROBLEM_DESKTOP_DEPENDENCIES_MISSING)
			err->kind = PROBLEM_CONFLICT;
		return -1;
	}
	if (missing_check_one(d, "ffmpeg", err) < 0 ||
	    body_int(r, "fps", 1, FPS_MOST, &fps, &has, err) < 0 || desktop_lock(d, err) < 0)
		return -1;
	if (part_is_alive(&d->state.parts[PART_RECORDER]))
		return error_set(err, PROBLEM_CONFLICT, "%s is being recorded", d->state.recording);
	uint64_t number = last_number(d) + 1;
	cleanup_free char *id = xasprintf("rec_%llu", (unsigned long long)number);
	cleanup_close int folder = open_folder(d, err);
	if (folder < 0 || start_recorder(d, id, fps, err) < 0)
		return -1;
	snprintf(d->state.recording, sizeof(d->state.recording), "%s", id);
	if (write_record(d, number, id, err) < 0 || desktop_write(d, err) < 0) {
		managed_end(&d->state.parts[PART_RECORDER]);
		return -1;
	}
	return add_record(d, id, out, err);
}

int op_recording_stop(struct desktop *d, const struct filter_request *r, struct buf *out,
		      struct filter_reply *reply, struct sa_error *err)
{
	(void)r, (void)reply;
	if (desktop_lock(d, err) < 0)
		return -1;
	if (!d->state.is_active || !d->state.recording[0])
		return error_set(err, PROBLEM_CONFLICT, "nothing is being recorded");
	cleanup_free char *id = xstrdup(d->state.recording);
	/* At SIGTERM ffmpeg finishes the file. */
	managed_end(&d->state.parts[PART_RECORDER]);
	d->state.recording[0] = '\0';
	return desktop_write(d, err) < 0 ? -1 : add_record(d, id, out, err);
}
