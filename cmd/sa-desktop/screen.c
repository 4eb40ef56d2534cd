/* What is on the display. */
#include "op.h"
#include "tool.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { SIDE_MOST = 32767, CURSOR_SIDE = 16 };

/* The size that the display really has: "current W x H" of xrandr. 0, or -1. */
static int read_size(int64_t *ret_width, int64_t *ret_height, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES), errors = BUF_INIT(TOOL_TEXT_BYTES);
	WORDS_ADD(&tool.words, "xrandr", "--current");
	int rc = tool_run(&tool, &out, &errors, err);
	const char *at = out.len ? strstr(out.data, "current ") : NULL;
	if (rc < 0)
		return -1;
	char *end = NULL;
	long width = at ? strtol(at + 8, &end, 10) : 0;
	long height = end && strncmp(end, " x ", 3) == 0 ? strtol(end + 3, NULL, 10) : 0;
	if (rc > 0 || width < 1 || height < 1)
		return error_set(err, PROBLEM_DESKTOP_RUNTIME_FAILED, "xrandr tells no size: %.*s",
				 SPAN_ARG(buf_span(&errors)));
	*ret_width = width;
	*ret_height = height;
	return 0;
}

int op_display(struct desktop *d, const struct filter_request *r, struct buf *out,
	       struct filter_reply *reply, struct sa_error *err)
{
	int64_t width, height;
	char display[DISPLAY_BYTES];
	(void)r, (void)reply;
	if (runtime_ensure(d, err) < 0 || read_size(&width, &height, err) < 0)
		return -1;
	desktop_display(&d->state, display);
	json_open(out, '{');
	json_kv_string(out, "display", display);
	json_key(out, "resolution");
	json_open(out, '{');
	json_kv_int(out, "width", width);
	json_kv_int(out, "height", height);
	json_kv_int(out, "dpi", d->state.dpi);
	json_close(out, '}');
	json_close(out, '}');
	return 0;
}

/* --- screenshots ---------------------------------------------------------------------------- */

struct shot {
	char *format;
	int64_t quality, percent;
	bool has_cursor, is_region;
	int64_t x, y, width, height;
};

static void shot_clear(struct shot *shot)
{
	free(shot->format);
}
#define cleanup_shot __attribute__((cleanup(shot_clear)))

/* 0.1 to 1.0, as percent. 0, or -1. */
static int parse_scale(const struct filter_request *r, int64_t *ret, struct sa_error *err)
{
	cleanup_free char *text = filter_param(r, "scale");
	char *end = NULL;
	if (!text)
		return 0;
	double scale = strtod(text, &end);
	if (!*text || *end || !(scale >= 0.1 && scale <= 1.0))
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "scale is a number from 0.1 to 1.0, not '%.40s'", text);
	*ret = (int64_t)(scale * 100 + 0.5);
	return 0;
}

static int parse_region(const struct filter_request *r, struct shot *s, struct sa_error *err)
{
	cleanup_free char *x = filter_param(r, "x");
	cleanup_free char *y = filter_param(r, "y");
	cleanup_free char *width = filter_param(r, "width");
	cleanup_free char *height = filter_param(r, "height");
	int given = !!x + !!y + !!width + !!height;
	s->is_region = given > 0;
	if (given != 0 && given != 4)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "a region has x, y, width and height");
	if (filter_param_int(r, "x", 0, SIDE_MOST, &s->x, err) == 0 &&
	    filter_param_int(r, "y", 0, SIDE_MOST, &s->y, err) == 0 &&
	    filter_param_int(r, "width", 1, SIDE_MOST, &s->width, err) == 0 &&
	    filter_param_int(r, "height", 1, SIDE_MOST, &s->height, err) == 0)
		return 0;
	err->kind = PROBLEM_DESKTOP_INVALID_ACTION;
	return -1;
}

static int parse_shot(const struct filter_request *r, struct shot *s, struct sa_error *err)
{
	s->format = filter_param(r, "format");
	s->quality = 85;
	s->percent = 100;
	if (!s->format)
		s->format = xstrdup("png");
	if (strcmp(s->format, "png") != 0 && strcmp(s->format, "jpeg") != 0 &&
	    strcmp(s->format, "webp") != 0)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "format is png, jpeg or webp, not '%.40s'", s->format);
	if (parse_scale(r, &s->percent, err) < 0 || parse_region(r, s, err) < 0)
		return -1;
	if (filter_param_int(r, "quality", 1, 100, &s->quality, err) == 0 &&
	    filter_param_bool(r, "showCursor", &s->has_cursor, err) == 0)
		return 0;
	err->kind = PROBLEM_DESKTOP_INVALID_ACTION;
	return -1;
}

/* Run a step of making an image, its bytes into fd. 0, or -1. */
static int make_image(struct tool *tool, int fd, struct sa_error *err)
{
	cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES), errors = BUF_INIT(TOOL_TEXT_BYTES);
	struct stat st;
	tool->out_fd = fd;
	tool->deadline_ms = CAPTURE_DEADLINE_MS;
	int rc = tool_run(tool, &out, &errors, err);
	if (rc < 0)
		return -1;
	if (rc == 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		return 0;
	return error_set(err, PROBLEM_DESKTOP_SCREENSHOT_FAILED, "%s: status %d: %.*s",
			 tool->words.items[0], rc, SPAN_ARG(span_trim(buf_span(&errors))));
}

/* What happens to the whole screen on its way to the image that was asked for. */
static void add_finish(struct words *w, const struct shot *s, char (*texts)[64])
{
	snprintf(texts[0], sizeof(texts[0]), "%lldx%lld+%lld+%lld", (long long)s->width,
		 (long long)s->height, (long long)s->x, (long long)s->y);
	snprintf(texts[1], sizeof(texts[1]), "%lld%%", (long long)s->percent);
	snprintf(texts[2], sizeof(texts[2]), "%lld", (long long)s->quality);
	snprintf(texts[3], sizeof(texts[3]), "%s:-", s->format);
	if (s->is_region)
		WORDS_ADD(w, "-crop", texts[0], "+repage");
	if (s->percent != 100)
		WORDS_ADD(w, "-resize", texts[1]);
	/* For PNG quality is about compression only: ImageMagick's own is right. */
	if (strcmp(s->format, "png") != 0)
		WORDS_ADD(w, "-quality", texts[2]);
	words_add(w, texts[3]);
}

/* The screen into file, with an arrow where the pointer is. */
static int draw_cursor(int screen, const struct shot *s, int file, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	char texts[4][64];
	int64_t x, y;
	if (mouse_where(&x, &y, err) < 0)
		return -1;
	cleanup_free char *arrow =
	    xasprintf("translate %lld,%lld polygon 0,0 0,%d %d,%d %d,%d", (long long)x,
		      (long long)y, CURSOR_SIDE, CURSOR_SIDE / 4, CURSOR_SIDE * 3 / 4,
		      CURSOR_SIDE * 3 / 4, CURSOR_SIDE * 3 / 4);
	WORDS_ADD(&tool.words, "convert", "png:-", "-fill", "black", "-stroke", "white", "-draw",
		  arrow);
	add_finish(&tool.words, s, texts);
	tool.input_fd = screen;
	return make_image(&tool, file, err);
}

static int capture(struct desktop *d, const struct shot *s, int file, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	char texts[4][64];
	WORDS_ADD(&tool.words, "import", "-silent", "-window", "root");
	if (!s->has_cursor) {
		add_finish(&tool.words, s, texts);
		return make_image(&tool, file, err);
	}
	cleanup_close int screen = memfd_create("screen", MFD_CLOEXEC);
	words_add(&tool.words, "png:-");
	if (screen < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "a file for the screen");
	if (missing_check_one(d, "convert", err) < 0 || make_image(&tool, screen, err) < 0)
		return -1;
	return draw_cursor(screen, s, file, err);
}

int op_screenshot(struct desktop *d, const struct filter_request *r, struct buf *out,
		  struct filter_reply *reply, struct sa_error *err)
{
	cleanup_shot struct shot shot = {.format = NULL};
	int64_t width, height;
	struct stat st;
	if (runtime_ensure(d, err) < 0 || parse_shot(r, &shot, err) < 0)
		return -1;
	if (shot.is_region) {
		if (read_size(&width, &height, err) < 0)
			return -1;
		if (shot.x >= width || shot.y >= height)
			return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
					 "the region begins outside of the display");
	}
	cleanup_close int file = memfd_create("screenshot", MFD_CLOEXEC);
	if (file < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "a file for the screenshot");
	if (capture(d, &shot, file, err) < 0)
		return -1;
	if (fstat(file, &st) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "the screenshot");
	json_open(out, '{');
	json_key(out, "content-type");
	cleanup_free char *type = xasprintf("image/%s", shot.format);
	json_add_string(out, span_of(type));
	json_close(out, '}');
	reply->headers = buf_span(out);
	reply->offset = 0;
	reply->length = st.st_size;
	reply->fd = TAKE_FD(file);
	return 0;
}

int op_screenshot_region(struct desktop *d, const struct filter_request *r, struct buf *out,
			 struct filter_reply *reply, struct sa_error *err)
{
	cleanup_free char *x = filter_param(r, "x");
	/* Without one of the others it is none either. */
	if (runtime_ensure(d, err) < 0)
		return -1;
	if (!x)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "a region has x, y, width and height");
	return op_screenshot(d, r, out, reply, err);
}
