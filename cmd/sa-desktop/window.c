/*
 * Windows: those that are visible and have a title, by the number that X11 gives them. Their place
 * and size are of what they draw in, without the frame; moving and resizing are about the same.
 */
#include "op.h"
#include "tool.h"
#include "x11.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ID_BYTES = 24,
	NUMBER_BYTES = 24,
	SETTLE_MS = 300, /* what the window manager gets to do what it is asked */
	STEP_MS = 20,
	OPEN_MS = 10000, /* until a program has opened a window */
};

/* Run xdotool; its exit status, or -1. Its complaints are of no interest: a window may be gone. */
static int ask(struct tool *tool, struct buf *out, struct sa_error *err)
{
	cleanup_buf struct buf errors = BUF_INIT(TOOL_TEXT_BYTES);
	return tool_run(tool, out, &errors, err);
}

/* The next line of what xdotool printed, as a number. False at the end. */
static bool next_id(struct span *lines, char *ret_id)
{
	uint64_t number;
	while (lines->n) {
		const char *end = memchr(lines->p, '\n', lines->n);
		size_t n = end ? (size_t)(end - lines->p) : lines->n;
		struct span line = {lines->p, n};
		lines->p += end ? n + 1 : n;
		lines->n -= end ? n + 1 : n;
		if (num_parse_u64(line, UINT32_MAX, &number) < 0)
			continue;
		snprintf(ret_id, ID_BYTES, "%llu", (unsigned long long)number);
		return true;
	}
	return false;
}

int windows_list(struct buf *ret_ids, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	WORDS_ADD(&tool.words, "xdotool", "search", "--onlyvisible", "--name", ".");
	return ask(&tool, ret_ids, err) < 0 ? -1 : 0;
}

static bool is_listed(const struct buf *ids, const char *wanted)
{
	struct span lines = buf_span(ids);
	char id[ID_BYTES];
	while (next_id(&lines, id))
		if (strcmp(id, wanted) == 0)
			return true;
	return false;
}

/* The window that has the focus; empty: none. 0, or -1. */
static int read_active(char *ret_id, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES);
	WORDS_ADD(&tool.words, "xdotool", "getactivewindow");
	int rc = ask(&tool, &out, err);
	struct span lines = buf_span(&out);
	*ret_id = '\0';
	if (rc == 0)
		next_id(&lines, ret_id);
	return rc < 0 ? -1 : 0;
}

/* The number behind "\nNAME="; 0: none. */
static long value_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

/* Append what is known of one. 1; 0: it is gone; -1. */
static int add_window(struct x11 *x, struct buf *b, const char *id, const char *active,
		      struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	cleanup_buf struct buf out = BUF_INIT(TOOL_TEXT_BYTES);
	cleanup_free char *mark = xasprintf("\nWINDOW=%s\nX=", id);
	WORDS_ADD(&tool.words, "xdotool", "getwindowname", id, "getwindowgeometry", "--shell", id);
	int rc = ask(&tool, &out, err);
	if (rc != 0 || !out.len)
		return rc < 0 ? -1 : 0;
	/* A title may have lines, and whatever stands in them: the last place is xdotool's. */
	const char *place = NULL;
	for (const char *at = out.data; (at = strstr(at, mark)); at++)
		place = at;
	int left, top;
	if (!place || !x11_origin(x, (uint32_t)strtoul(id, NULL, 10), &left, &top))
		return 0;
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_span(b, "title", (struct span){out.data, (size_t)(place - out.data)});
	json_kv_int(b, "x", left);
	json_kv_int(b, "y", top);
	json_kv_int(b, "width", value_of(place, "\nWIDTH="));
	json_kv_int(b, "height", value_of(place, "\nHEIGHT="));
	json_kv_bool(b, "isActive", strcmp(id, active) == 0);
	json_close(b, '}');
	return 1;
}

int windows_add(struct buf *b, struct sa_error *err)
{
	cleanup_buf struct buf ids = BUF_INIT(TOOL_TEXT_BYTES);
	char active[ID_BYTES], id[ID_BYTES];
	int count = 0, rc = 0;
	cleanup_x11 struct x11 *x = x11_open(err);
	if (!x || windows_list(&ids, err) < 0 || read_active(active, err) < 0)
		return -1;
	struct span lines = buf_span(&ids);
	json_open(b, '[');
	while (rc >= 0 && next_id(&lines, id)) {
		rc = add_window(x, b, id, active, err);
		count += rc > 0;
	}
	json_close(b, ']');
	return rc < 0 ? -1 : count;
}

int op_windows(struct desktop *d, const struct filter_request *r, struct buf *out,
	       struct filter_reply *reply, struct sa_error *err)
{
	(void)r, (void)reply;
	if (runtime_ensure(d, err) < 0)
		return -1;
	json_open(out, '{');
	json_key(out, "windows");
	if (windows_add(out, err) < 0)
		return -1;
	json_close(out, '}');
	return 0;
}

int op_window_focused(struct desktop *d, const struct filter_request *r, struct buf *out,
		      struct filter_reply *reply, struct sa_error *err)
{
	char active[ID_BYTES];
	(void)r, (void)reply;
	if (runtime_ensure(d, err) < 0 || read_active(active, err) < 0)
		return -1;
	cleanup_x11 struct x11 *x = x11_open(err);
	if (!x)
		return -1;
	int rc = *active ? add_window(x, out, active, active, err) : 0;
	if (rc == 0)
		return error_set(err, PROBLEM_NO_FOCUSED_WINDOW, "no window has the focus");
	return rc < 0 ? -1 : 0;
}

/* --- acting on one ---------------------------------------------------------------------------- */

/* The window of the request, which must be there; the caller frees. NULL with err. */
static char *find(struct desktop *d, const struct filter_request *r, struct sa_error *err)
{
	cleanup_buf struct buf ids = BUF_INIT(TOOL_TEXT_BYTES);
	cleanup_free char *id = filter_param_wanted(r, "id", err);
	if (!id || runtime_ensure(d, err) < 0 || windows_list(&ids, err) < 0)
		return NULL;
	if (is_listed(&ids, id))
		return TAKE_PTR(id);
	error_set(err, PROBLEM_WINDOW_NOT_FOUND, "there is no window '%.100s'", id);
	return NULL;
}

static int describe(const char *id, struct buf *b, struct sa_error *err)
{
	char active[ID_BYTES];
	cleanup_x11 struct x11 *x = x11_open(err);
	buf_clear(b);
	if (!x || read_active(active, err) < 0)
		return -1;
	int rc = add_window(x, b, id, active, err);
	if (rc == 0)
		return error_set(err, PROBLEM_WINDOW_NOT_FOUND, "window %s has been closed", id);
	return rc < 0 ? -1 : 0;
}

/*
 * Let xdotool do it, and tell how the window is then. The window manager does it when it likes:
 * it has some time to change something; what is so already does not change.
 */
static int act(const char *id, struct tool *tool, struct buf *out, struct sa_error *err)
{
	cleanup_buf struct buf before = BUF_INIT(BUF_MAX_OWN), said = BUF_INIT(TOOL_TEXT_BYTES);
	int64_t deadline = deadline_after(SETTLE_MS);
	if (describe(id, &before, err) < 0)
		return -1;
	int rc = ask(tool, &said, err);
	if (rc != 0)
		return rc < 0
			   ? -1
			   : error_set(err, PROBLEM_DESKTOP_INPUT_FAILED, "xdotool: status %d", rc);
	for (;;) {
		if (describe(id, out, err) < 0)
			return -1;
		if (!span_equal(buf_span(out), buf_span(&before)) ||
		    clock_monotonic_ms() >= deadline)
			return 0;
		nanosleep(&(struct timespec){0, STEP_MS * 1000000L}, NULL);
	}
}

int op_window_focus(struct desktop *d, const struct filter_request *r, struct buf *out,
		    struct filter_reply *reply, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	cleanup_free char *id = find(d, r, err);
	(void)reply;
	if (!id)
		return -1;
	WORDS_ADD(&tool.words, "xdotool", "windowactivate", id);
	return act(id, &tool, out, err);
}

/* The two numbers of the body. 0, or -1. */
static int read_pair(const struct filter_request *r, const char *const *names, int64_t least,
		     int64_t *ret, struct sa_error *err)
{
	if (body_int(r, names[0], least, INT16_MAX, &ret[0], NULL, err) < 0)
		return -1;
	return body_int(r, names[1], least, INT16_MAX, &ret[1], NULL, err);
}

static int act_with(const char *id, const char *verb, const int64_t *pair, struct buf *out,
		    struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	char numbers[2][NUMBER_BYTES];
	WORDS_ADD(&tool.words, "xdotool", verb, "--", id);
	for (int i = 0; i < 2; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%lld", (long long)pair[i]);
		words_add(&tool.words, numbers[i]);
	}
	return act(id, &tool, out, err);
}

/* The window manager puts the frame there: then once more, by what the frame takes. */
int op_window_move(struct desktop *d, const struct filter_request *r, struct buf *out,
		   struct filter_reply *reply, struct sa_error *err)
{
	static const char *const names[] = {"x", "y"};
	int64_t wanted[2];
	cleanup_free char *id = find(d, r, err);
	(void)reply;
	if (!id || read_pair(r, names, INT16_MIN, wanted, err) < 0 ||
	    act_with(id, "windowmove", wanted, out, err) < 0)
		return -1;
	const int64_t shifted[] = {
	    2 * wanted[0] - json_int_or(json_get(buf_span(out), "x"), wanted[0]),
	    2 * wanted[1] - json_int_or(json_get(buf_span(out), "y"), wanted[1])};
	if (shifted[0] == wanted[0] && shifted[1] == wanted[1])
		return 0;
	return act_with(id, "windowmove", shifted, out, err);
}

int op_window_resize(struct desktop *d, const struct filter_request *r, struct buf *out,
		     struct filter_reply *reply, struct sa_error *err)
{
	static const char *const names[] = {"width", "height"};
	int64_t wanted[2];
	cleanup_free char *id = find(d, r, err);
	(void)reply;
	if (!id || read_pair(r, names, 0, wanted, err) < 0)
		return -1;
	return act_with(id, "windowsize", wanted, out, err);
}

/* --- waiting for one -------------------------------------------------------------------------- */

int window_await(const struct part *program, const struct buf *before, struct buf *ret_id,
		 struct sa_error *err)
{
	int64_t deadline = deadline_after(OPEN_MS);
	cleanup_free char *pid = xasprintf("%d", (int)program->who.pid);
	while (part_is_alive(program) && clock_monotonic_ms() < deadline) {
		struct tool tool = TOOL_INIT;
		cleanup_buf struct buf found = BUF_INIT(TOOL_TEXT_BYTES);
		char id[ID_BYTES];
		/* Its own; or, when another process of it opened one, the first that is new. */
		WORDS_ADD(&tool.words, "xdotool", "search", "--onlyvisible", "--pid", pid);
		if (ask(&tool, &found, err) < 0 || windows_list(&found, err) < 0)
			return -1;
		struct span lines = buf_span(&found);
		while (next_id(&lines, id))
			if (!is_listed(before, id))
				return buf_adds(ret_id, id);
		nanosleep(&(struct timespec){0, STEP_MS * 1000000L}, NULL);
	}
	return 0;
}
