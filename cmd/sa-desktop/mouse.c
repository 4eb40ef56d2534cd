/* The pointer: each action is one xdotool, which says at its end where the pointer is. */
#include "op.h"
#include "tool.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CLICKS_MOST = 10,
	SCROLL_MOST = 500, /* steps in one request; each takes xdotool 12 ms */
	SCROLL_STEP_MS = 30,
	DRAG_STEPS = 8,
	TEXTS = 64,
};

/* A command line of xdotool, with the numbers in it. */
struct gesture {
	struct tool tool;
	char *texts[TEXTS]; /* owned */
	size_t count;
};

static void gesture_free(struct gesture *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->texts[i]);
}
#define cleanup_gesture __attribute__((cleanup(gesture_free)))

static void gesture_init(struct gesture *g)
{
	*g = (struct gesture){.tool = TOOL_INIT};
	words_add(&g->tool.words, "xdotool");
}

static void add_number(struct gesture *g, int64_t number)
{
	if (g->count == TEXTS)
		return;
	g->texts[g->count] = xasprintf("%lld", (long long)number);
	words_add(&g->tool.words, g->texts[g->count++]);
}

static void add_move(struct gesture *g, int64_t x, int64_t y)
{
	words_add(&g->tool.words, "mousemove");
	add_number(g, x);
	add_number(g, y);
}

static int64_t value_of(const struct buf *out, const char *name)
{
	const char *at = out->len ? strstr(out->data, name) : NULL;
	return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

/* Do it, and where is the pointer then? 0, or -1. */
static int perform(struct gesture *g, struct buf *where, struct sa_error *err)
{
	cleanup_buf struct buf errors = BUF_INIT(TOOL_TEXT_BYTES);
	WORDS_ADD(&g->tool.words, "getmouselocation", "--shell");
	int rc = tool_run(&g->tool, where, &errors, err);
	if (rc < 0)
		return -1;
	if (rc > 0 || value_of(where, "X=") < 0 || value_of(where, "Y=") < 0)
		return error_set(err, PROBLEM_DESKTOP_INPUT_FAILED, "xdotool: status %d: %.*s", rc,
				 SPAN_ARG(span_trim(buf_span(&errors))));
	return 0;
}

static int perform_and_tell(struct gesture *g, struct buf *out, struct sa_error *err)
{
	cleanup_buf struct buf where = BUF_INIT(TOOL_TEXT_BYTES);
	if (perform(g, &where, err) < 0)
		return -1;
	int64_t window = value_of(&where, "WINDOW=");
	json_open(out, '{');
	json_kv_int(out, "x", value_of(&where, "X="));
	json_kv_int(out, "y", value_of(&where, "Y="));
	json_kv_int(out, "screen", value_of(&where, "SCREEN="));
	if (window > 0) {
		cleanup_free char *id = xasprintf("%lld", (long long)window);
		json_kv_string(out, "window", id);
	}
	json_close(out, '}');
	return 0;
}

int mouse_where(int64_t *ret_x, int64_t *ret_y, struct sa_error *err)
{
	cleanup_gesture struct gesture g;
	cleanup_buf struct buf where = BUF_INIT(TOOL_TEXT_BYTES);
	gesture_init(&g);
	if (perform(&g, &where, err) < 0)
		return -1;
	*ret_x = value_of(&where, "X=");
	*ret_y = value_of(&where, "Y=");
	return 0;
}

static int read_point(const struct filter_request *r, const char *x_name, const char *y_name,
		      int64_t *ret_x, int64_t *ret_y, struct sa_error *err)
{
	if (body_int(r, x_name, 0, INT32_MAX, ret_x, NULL, err) < 0)
		return -1;
	return body_int(r, y_name, 0, INT32_MAX, ret_y, NULL, err);
}

/* "left" when absent: its number. -1 with err. */
static int read_button(const struct filter_request *r, struct sa_error *err)
{
	static const char *const names[] = {"left", "middle", "right"};
	struct span value = json_get(span_trim(r->body), "button");
	if (json_type(value) == JSON_NONE || json_type(value) == JSON_NULL)
		return 1;
	for (int i = 0; i < 3; i++)
		if (json_string_is(value, names[i]))
			return i + 1;
	return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION, "button is left, middle or right");
}

int op_mouse_position(struct desktop *d, const struct filter_request *r, struct buf *out,
		      struct filter_reply *reply, struct sa_error *err)
{
	cleanup_gesture struct gesture g;
	gesture_init(&g);
	(void)r, (void)reply;
	return runtime_ensure(d, err) < 0 ? -1 : perform_and_tell(&g, out, err);
}

int op_mouse_move(struct desktop *d, const struct filter_request *r, struct buf *out,
		  struct filter_reply *reply, struct sa_error *err)
{
	cleanup_gesture struct gesture g;
	int64_t x, y;
	gesture_init(&g);
	(void)reply;
	if (runtime_ensure(d, err) < 0 || read_point(r, "x", "y", &x, &y, err) < 0)
		return -1;
	add_move(&g, x, y);
	return perform_and_tell(&g, out, err);
}

int op_mouse_click(struct desktop *d, const struct filter_request *r, struct buf *out,
		   struct filter_reply *reply, struct sa_error *err)
{
	cleanup_gesture struct gesture g;
	int64_t x, y, clicks = 1;
	bool has;
	gesture_init(&g);
	(void)reply;
	if (runtime_ensure(d, err) < 0 || read_point(r, "x", "y", &x, &y, err) < 0 ||
	    body_int(r, "clickCount", 1, CLICKS_MOST, &clicks, &has, err) < 0)
		return -1;
	int button = read_button(r, err);
	if (button < 0)
		return -1;
	add_move(&g, x, y);
	WORDS_ADD(&g.tool.words, "click", "--delay", "20", "--repeat");
	add_number(&g, clicks);
	add_number(&g, button);
	return perform_and_tell(&g, out, err);
}

/* Where, if both say so; then the button goes down or up. */
static int press(struct desktop *d, const struct filter_request *r, const char *verb,
		 struct buf *out, struct sa_error *err)
{
	cleanup_gesture struct gesture g;
	int64_t x = 0, y = 0;
	bool has_x, has_y;
	gesture_init(&g);
	if (runtime_ensure(d, err) < 0 || body_int(r, "x", 0, INT32_MAX, &x, &has_x, err) < 0 ||
	    body_int(r, "y", 0, INT32_MAX, &y, &has_y, err) < 0)
		return -1;
	int button = read_button(r, err);
	if (button < 0)
		return -1;
	if (has_x != has_y)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "a point has both x and y, or there is none");
	if (has_x)
		add_move(&g, x, y);
	words_add(&g.tool.words, verb);
	add_number(&g, button);
	return perform_and_tell(&g, out, err);
}

int op_mouse_down(struct desktop *d, const struct filter_request *r, struct buf *out,
		  struct filter_reply *reply, struct sa_error *err)
{
	(void)reply;
	return press(d, r, "mousedown", out, err);
}

int op_mouse_up(struct desktop *d, const struct filter_request *r, struct buf *out,
		struct filter_reply *reply, struct sa_error *err)
{
	(void)reply;
	return press(d, r, "mouseup", out, err);
}

int op_mouse_drag(struct desktop *d, const struct filter_request *r, struct buf *out,
		  struct filter_reply *reply, struct sa_error *err)
{
	cleanup_gesture struct gesture g;
	int64_t x, y, end_x, end_y;
	gesture_init(&g);
	(void)reply;
	if (runtime_ensure(d, err) < 0 || read_point(r, "startX", "startY", &x, &y, err) < 0 ||
	    read_point(r, "endX", "endY", &end_x, &end_y, err) < 0)
		return -1;
	int button = read_button(r, err);
	if (button < 0)
		return -1;
	add_move(&g, x, y);
	words_add(&g.tool.words, "mousedown");
	add_number(&g, button);
	/* Programs begin to drag after some way, and want to see it. */
	for (int i = 1; i <= DRAG_STEPS; i++) {
		add_move(&g, x + (end_x - x) * i / DRAG_STEPS, y + (end_y - y) * i / DRAG_STEPS);
		WORDS_ADD(&g.tool.words, "sleep", "0.01");
	}
	words_add(&g.tool.words, "mouseup");
	add_number(&g, button);
	return perform_and_tell(&g, out, err);
}

/* X11 has wheels as buttons: 4 up, 5 down, 6 left, 7 right. */
static void add_wheel(struct gesture *g, int64_t delta, int back, int forth)
{
	if (delta == 0)
		return;
	WORDS_ADD(&g->tool.words, "click", "--delay", "0", "--repeat");
	add_number(g, delta < 0 ? -delta : delta);
	add_number(g, delta < 0 ? back : forth);
}

int op_mouse_scroll(struct desktop *d, const struct filter_request *r, struct buf *out,
		    struct filter_reply *reply, struct sa_error *err)
{
	cleanup_gesture struct gesture g;
	int64_t x, y, right = 0, down = 0;
	bool has;
	gesture_init(&g);
	(void)reply;
	if (runtime_ensure(d, err) < 0 || read_point(r, "x", "y", &x, &y, err) < 0 ||
	    body_int(r, "deltaX", -SCROLL_MOST, SCROLL_MOST, &right, &has, err) < 0 ||
	    body_int(r, "deltaY", -SCROLL_MOST, SCROLL_MOST, &down, &has, err) < 0)
		return -1;
	if (right == 0 && down == 0)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "one of deltaX and deltaY is not 0");
	add_move(&g, x, y);
	add_wheel(&g, down, 4, 5);
	add_wheel(&g, right, 6, 7);
	g.tool.deadline_ms = TOOL_DEADLINE_MS + (llabs(right) + llabs(down)) * SCROLL_STEP_MS;
	return perform_and_tell(&g, out, err);
}
