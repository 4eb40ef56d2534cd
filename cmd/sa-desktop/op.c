#include "op.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

static const struct {
	const char *name;
	op_fn *fn;
} ops[] = {
    {"status", op_status},
    {"start", op_start},
    {"stop", op_stop},
    {"shutdown", op_shutdown},
    {"display", op_display},
    {"screenshot", op_screenshot},
    {"screenshot.region", op_screenshot_region},
    {"mouse.position", op_mouse_position},
    {"mouse.move", op_mouse_move},
    {"mouse.click", op_mouse_click},
    {"mouse.down", op_mouse_down},
    {"mouse.up", op_mouse_up},
    {"mouse.drag", op_mouse_drag},
    {"mouse.scroll", op_mouse_scroll},
    {"keyboard.type", op_keyboard_type},
    {"keyboard.press", op_keyboard_press},
    {"keyboard.down", op_keyboard_down},
    {"keyboard.up", op_keyboard_up},
    {"windows.list", op_windows},
    {"windows.focused", op_window_focused},
    {"windows.focus", op_window_focus},
    {"windows.move", op_window_move},
    {"windows.resize", op_window_resize},
    {"clipboard.get", op_clipboard_get},
    {"clipboard.set", op_clipboard_set},
    {"launch", op_launch},
    {"open", op_open},
    {"recordings.list", op_recordings},
    {"recordings.show", op_recording_show},
    {"recordings.delete", op_recording_delete},
    {"recordings.download", op_recording_download},
    {"recording.start", op_recording_start},
    {"recording.stop", op_recording_stop},
    {"stream.status", op_stream_status},
    {"stream.start", op_stream_start},
    {"stream.stop", op_stream_stop},
    {"stream.signaling", op_stream_signaling},
};

/* Problems of the desktop say their kind once more, as clients know it. */
static void add_code(struct desktop *d, const struct sa_error *err)
{
	const char *name = problem_info(err->kind)->name;
	if (strncmp(name, "desktop_", 8) == 0 || err->kind == PROBLEM_NO_FOCUSED_WINDOW ||
	    err->kind == PROBLEM_WINDOW_NOT_FOUND || err->kind == PROBLEM_APP_NOT_FOUND)
		json_kv_string(&d->extensions, "code", name);
}

int op_run(struct desktop *d, const struct filter_request *r, struct buf *out,
	   struct filter_reply *reply, struct sa_error *err)
{
	buf_clear(&d->extensions);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!span_is(r->op, ops[i].name))
			continue;
		int rc = desktop_read(d, err) < 0 ? -1 : ops[i].fn(d, r, out, reply, err);
		desktop_unlock(d);
		if (rc < 0) {
			add_code(d, err);
			reply->extensions = buf_span(&d->extensions);
		} else if (out->len) {
			reply->result = buf_span(out);
		}
		return rc;
	}
	return error_set(err, PROBLEM_INVALID_REQUEST, "unknown op '%.*s'", SPAN_ARG(r->op));
}

static int serve_op(void *arg, const struct filter_request *r, int fd, struct buf *scratch,
		    struct filter_reply *reply, struct sa_error *err)
{
	if (fd >= 0)
		close(fd);
	return op_run(arg, r, scratch, reply, err);
}

int op_serve(struct sa_error *err)
{
	struct filter_op table[ARRAY_SIZE(ops) + 1];
	struct desktop d = {
	    .folder_fd = -1, .lock_fd = -1, .is_filter = true, .extensions = BUF_INIT(BUF_MAX_OWN)};
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		table[i] = (struct filter_op){ops[i].name, serve_op};
	table[ARRAY_SIZE(ops)] = (struct filter_op){NULL, NULL};
	int rc = desktop_open(&d, err);
	if (rc == 0)
		rc = filter_serve(table, &d, err);
	desktop_close(&d);
	return rc;
}

/* --- bodies ------------------------------------------------------------------------------- */

int body_int(const struct filter_request *r, const char *name, int64_t least, int64_t most,
	     int64_t *ret, bool *has, struct sa_error *err)
{
	struct span value = json_get(span_trim(r->body), name);
	int64_t number;
	bool is_absent = json_type(value) == JSON_NONE || json_type(value) == JSON_NULL;
	if (has)
		*has = !is_absent;
	if (is_absent && has)
		return 0;
	if (json_int(value, &number) < 0 || number < least || number > most)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "%s is a whole number from %lld to %lld", name, (long long)least,
				 (long long)most);
	*ret = number;
	return 0;
}

int body_bool(struct span object, const char *name, bool *ret, struct sa_error *err)
{
	enum json_type type = json_type(json_get(object, name));
	if (type == JSON_NONE || type == JSON_NULL)
		return 0;
	if (type != JSON_TRUE && type != JSON_FALSE)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION, "%s is true or false", name);
	*ret = type == JSON_TRUE;
	return 0;
}

char *body_text(const struct filter_request *r, const char *name, struct sa_error *err)
{
	char *text = json_string_dup(json_get(span_trim(r->body), name));
	if (text && *text)
		return text;
	free(text);
	error_set(err, PROBLEM_DESKTOP_INVALID_ACTION, "%s is text that is not empty", name);
	return NULL;
}
