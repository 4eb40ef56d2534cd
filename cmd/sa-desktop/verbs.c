#include "verbs.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "cli/command.h"
#include "op.h"
#include "os/io.h"
#include "json/write.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A request in the making; params and body are objects without their last brace. */
struct wish {
	const char *op;
	struct buf params, body;
};

static void wish_free(struct wish *w)
{
	buf_free(&w->params);
	buf_free(&w->body);
}
#define cleanup_wish __attribute__((cleanup(wish_free)))

static void wish_init(struct wish *w, const char *op)
{
	*w = (struct wish){op, BUF_INIT(BUF_MAX_OWN), BUF_INIT(BUF_MAX_OWN)};
	json_open(&w->params, '{');
	json_open(&w->body, '{');
}

/* A member of the body out of a word; NULL: none. 0, or -1. */
static int add_number(struct wish *w, const char *name, const char *word, struct sa_error *err)
{
	int64_t value;
	if (!word)
		return 0;
	if (num_parse_i64(span_of(word), INT32_MIN, INT32_MAX, &value) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s is a whole number, not '%s'",
				 name, word);
	json_kv_int(&w->body, name, value);
	return 0;
}

static int copy_file(int fd, int64_t length, struct sa_error *err)
{
	char block[65536];
	for (int64_t at = 0; at < length;) {
		ssize_t n = pread(fd, block, sizeof(block), at);
		if (n < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "read");
		if (n == 0)
			break;
		fwrite(block, 1, (size_t)n, stdout);
		at += n;
	}
	return 0;
}

/* Run the operation and print what it answers. Exit status, or -1. */
static int perform(struct wish *w, struct sa_error *err)
{
	struct desktop d = {.folder_fd = -1, .lock_fd = -1, .extensions = BUF_INIT(BUF_MAX_OWN)};
	struct filter_reply reply = FILTER_REPLY_INIT;
	cleanup_buf struct buf out = BUF_INIT(BUF_MAX_OWN);
	json_close(&w->params, '}');
	json_close(&w->body, '}');
	struct filter_request request = {
	    .op = span_of(w->op), .params = buf_span(&w->params), .body = buf_span(&w->body)};
	int rc = desktop_open(&d, err);
	if (rc == 0)
		rc = op_run(&d, &request, &out, &reply, err);
	if (rc == 0 && reply.fd >= 0)
		rc = copy_file(reply.fd, reply.length, err);
	else if (rc == 0 && reply.result.p)
		printf("%.*s\n", SPAN_ARG(reply.result));
	if (reply.fd >= 0)
		close(reply.fd);
	desktop_close(&d);
	return rc < 0 ? -1 : SA_EXIT_OK;
}

static int no_operands(int argc, char **argv, struct sa_error *err)
{
	return argc == 0 ? 0
			 : error_set(err, PROBLEM_INVALID_REQUEST, "no operand is taken, not '%s'",
				     argv[0]);
}

static int simple(const char *op, int argc, char **argv, struct sa_error *err)
{
	cleanup_wish struct wish w;
	wish_init(&w, op);
	return no_operands(argc, argv, err) < 0 ? -1 : perform(&w, err);
}

int verb_status(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)options;
	return simple("status", argc, argv, err);
}

int verb_stop(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)options;
	return simple("stop", argc, argv, err);
}

int verb_display(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)options;
	return simple("display", argc, argv, err);
}

int verb_filter(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)options;
	return no_operands(argc, argv, err) < 0 ? -1 : op_serve(err);
}

int verb_start(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	cleanup_wish struct wish w;
	wish_init(&w, "start");
	if (no_operands(argc, argv, err) < 0 || add_number(&w, "width", o->width, err) < 0 ||
	    add_number(&w, "height", o->height, err) < 0 ||
	    add_number(&w, "dpi", o->dpi, err) < 0 ||
	    add_number(&w, "displayNum", o->display, err) < 0)
		return -1;
	return perform(&w, err);
}

/* "1,2,3,4" as x, y, width and height. 0, or -1. */
static int add_region(struct wish *w, const char *region, struct sa_error *err)
{
	static const char *const names[] = {"x", "y", "width", "height"};
	const char *at = region;
	for (int i = 0; i < 4; i++) {
		size_t n = strcspn(at, ",");
		json_kv_span(&w->params, names[i], (struct span){at, n});
		if ((at[n] == ',') != (i < 3))
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--region wants X,Y,WIDTH,HEIGHT, not '%s'", region);
		at += n + 1;
	}
	return 0;
}

int verb_screenshot(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	cleanup_wish struct wish w;
	wish_init(&w, "screenshot");
	json_kv_string(&w.params, "format", o->format);
	json_kv_string(&w.params, "quality", o->quality);
	json_kv_string(&w.params, "scale", o->scale);
	json_kv_bool(&w.params, "showCursor", o->has_cursor);
	if (no_operands(argc, argv, err) < 0 || (o->region && add_region(&w, o->region, err) < 0))
		return -1;
	if (isatty(STDOUT_FILENO))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an image is nothing for a terminal: redirect it");
	return perform(&w, err);
}

/* A word with what its operands are called. */
struct action {
	const char *name;
	const char *op;
	const char *operands[4];
	int least;
};

static const struct action *find_action(const struct action *actions, const char *what, int argc,
					char **argv, struct sa_error *err)
{
	for (const struct action *a = actions; argc > 0 && a->name; a++) {
		int most = 0;
		while (most < 4 && a->operands[most])
			most++;
		if (strcmp(a->name, argv[0]) != 0)
			continue;
		if (argc - 1 == most || argc - 1 == a->least)
			return a;
		error_set(err, PROBLEM_INVALID_REQUEST, "%s %s takes %d operands", what, a->name,
			  most);
		return NULL;
	}
	error_set(err, PROBLEM_INVALID_REQUEST, "%s wants one of its actions; see --help", what);
	return NULL;
}

int verb_mouse(const void *options, int argc, char **argv, struct sa_error *err)
{
	static const struct action actions[] = {
	    {"position", "mouse.position", {NULL}, 0},
	    {"move", "mouse.move", {"x", "y"}, 2},
	    {"click", "mouse.click", {"x", "y"}, 2},
	    {"down", "mouse.down", {"x", "y"}, 0},
	    {"up", "mouse.up", {"x", "y"}, 0},
	    {"drag", "mouse.drag", {"startX", "startY", "endX", "endY"}, 4},
	    {"scroll", "mouse.scroll", {"x", "y", "deltaX", "deltaY"}, 4},
	    {NULL, NULL, {NULL}, 0},
	};
	const struct options *o = options;
	const struct action *action = find_action(actions, "mouse", argc, argv, err);
	cleanup_wish struct wish w;
	wish_init(&w, action ? action->op : NULL);
	if (!action || add_number(&w, "clickCount", o->count, err) < 0)
		return -1;
	json_kv_string(&w.body, "button", o->button);
	for (int i = 1; i < argc; i++)
		if (add_number(&w, action->operands[i - 1], argv[i], err) < 0)
			return -1;
	return perform(&w, err);
}

int verb_keyboard(const void *options, int argc, char **argv, struct sa_error *err)
{
	static const struct action actions[] = {
	    {"type", "keyboard.type", {"text"}, 1},
	    {"press", "keyboard.press", {"key"}, 1},
	    {"down", "keyboard.down", {"key"}, 1},
	    {"up", "keyboard.up", {"key"}, 1},
	    {NULL, NULL, {NULL}, 0},
	};
	const struct options *o = options;
	const struct action *action = find_action(actions, "keyboard", argc, argv, err);
	cleanup_wish struct wish w;
	wish_init(&w, action ? action->op : NULL);
	if (!action || add_number(&w, "delayMs", o->delay, err) < 0)
		return -1;
	json_kv_string(&w.body, action->operands[0], argv[1]);
	return perform(&w, err);
}

int verb_window(const void *options, int argc, char **argv, struct sa_error *err)
{
	static const struct action actions[] = {
	    {"list", "windows.list", {NULL}, 0},
	    {"focused", "windows.focused", {NULL}, 0},
	    {"focus", "windows.focus", {"id"}, 1},
	    {"move", "windows.move", {"id", "x", "y"}, 3},
	    {"resize", "windows.resize", {"id", "width", "height"}, 3},
	    {NULL, NULL, {NULL}, 0},
	};
	const struct action *action = find_action(actions, "window", argc, argv, err);
	cleanup_wish struct wish w;
	wish_init(&w, action ? action->op : NULL);
	(void)options;
	if (!action)
		return -1;
	if (argc > 1)
		json_kv_string(&w.params, "id", argv[1]);
	for (int i = 2; i < argc; i++)
		if (add_number(&w, action->operands[i - 1], argv[i], err) < 0)
			return -1;
	return perform(&w, err);
}

int verb_clipboard(const void *options, int argc, char **argv, struct sa_error *err)
{
	static const struct action actions[] = {
	    {"get", "clipboard.get", {NULL}, 0},
	    {"set", "clipboard.set", {"text"}, 0},
	    {NULL, NULL, {NULL}, 0},
	};
	const struct options *o = options;
	const struct action *action = find_action(actions, "clipboard", argc, argv, err);
	cleanup_wish struct wish w;
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	wish_init(&w, action ? action->op : NULL);
	if (!action)
		return -1;
	if (strcmp(action->name, "get") == 0) {
		json_kv_string(&w.params, "selection", o->selection);
		return perform(&w, err);
	}
	if (argc == 1 && io_read_all(STDIN_FILENO, &text, "standard input", err) < 0)
		return -1;
	if (argc > 1)
		buf_adds(&text, argv[1]);
	json_kv_span(&w.body, "text", text.len ? buf_span(&text) : SPAN_LIT(""));
	json_kv_string(&w.body, "selection", o->selection);
	return perform(&w, err);
}

int verb_launch(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	cleanup_wish struct wish w;
	wish_init(&w, "launch");
	if (argc == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "launch wants a program");
	json_kv_string(&w.body, "app", argv[0]);
	json_kv_bool(&w.body, "wait", o->is_waited);
	json_key(&w.body, "args");
	json_open(&w.body, '[');
	for (int i = 1; i < argc; i++)
		json_add_string(&w.body, span_of(argv[i]));
	json_close(&w.body, ']');
	return perform(&w, err);
}

int verb_open(const void *options, int argc, char **argv, struct sa_error *err)
{
	cleanup_wish struct wish w;
	wish_init(&w, "open");
	(void)options;
	if (argc != 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "open wants one file or address");
	/* The program for it has a working directory of its own. */
	cleanup_free char *path = realpath(argv[0], NULL);
	json_kv_string(&w.body, "target", path ? path : argv[0]);
	return perform(&w, err);
}

int verb_recording(const void *options, int argc, char **argv, struct sa_error *err)
{
	static const struct action actions[] = {
	    {"list", "recordings.list", {NULL}, 0},
	    {"show", "recordings.show", {"id"}, 1},
	    {"delete", "recordings.delete", {"id"}, 1},
	    {"download", "recordings.download", {"id"}, 1},
	    {"start", "recording.start", {NULL}, 0},
	    {"stop", "recording.stop", {NULL}, 0},
	    {NULL, NULL, {NULL}, 0},
	};
	const struct options *o = options;
	const struct action *action = find_action(actions, "recording", argc, argv, err);
	cleanup_wish struct wish w;
	wish_init(&w, action ? action->op : NULL);
	if (!action || add_number(&w, "fps", o->fps, err) < 0)
		return -1;
	if (argc > 1)
		json_kv_string(&w.params, "id", argv[1]);
	return perform(&w, err);
}

int verb_stream(const void *options, int argc, char **argv, struct sa_error *err)
{
	static const struct action actions[] = {
	    {"status", "stream.status", {NULL}, 0},
	    {"start", "stream.start", {NULL}, 0},
	    {"stop", "stream.stop", {NULL}, 0},
	    {NULL, NULL, {NULL}, 0},
	};
	const struct action *action = find_action(actions, "stream", argc, argv, err);
	cleanup_wish struct wish w;
	wish_init(&w, action ? action->op : NULL);
	(void)options;
	return action ? perform(&w, err) : -1;
}
