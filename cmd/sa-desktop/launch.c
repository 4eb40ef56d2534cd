/* Programs on the display: managed processes (sa-process, owner desktop) like its own. */
#include "op.h"
#include "tool.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "cli/words.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { ARGS_MOST = 100 };

/* app and args of the body as an argv; words_free(). NULL with PROBLEM_DESKTOP_INVALID_ACTION. */
static char **read_argv(const struct filter_request *r, struct sa_error *err)
{
	struct span args = json_get(span_trim(r->body), "args");
	char *app = json_string_dup(json_get(span_trim(r->body), "app"));
	char **argv = xcalloc(ARGS_MOST + 2, sizeof(*argv));
	bool is_good = app && (json_type(args) == JSON_ARRAY || json_type(args) == JSON_NULL ||
			       json_type(args) == JSON_NONE);
	struct json_iter it = json_iter(args);
	struct span word;
	size_t n = 0;
	argv[n++] = app ? app : xstrdup("");
	while (is_good && json_type(args) == JSON_ARRAY && json_next(&it, NULL, &word)) {
		argv[n] = n <= ARGS_MOST ? json_string_dup(word) : NULL;
		is_good = argv[n] != NULL;
		n += is_good;
	}
	if (is_good)
		return argv;
	words_free(argv);
	error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
		  "app is a program's name, args are at most %d texts", ARGS_MOST);
	return NULL;
}

/* Start it and open the answer. 0, or -1. */
static int start(struct desktop *d, const char *const *argv, struct part *program, struct buf *out,
		 struct sa_error *err)
{
	/* Clients know this one by a kind of its own. */
	bool is_named = *argv[0];
	if (!is_named || managed_start(d, argv, program, err) < 0) {
		if (!is_named || err->kind == PROBLEM_NOT_FOUND)
			error_set(err, PROBLEM_APP_NOT_FOUND, "there is no program '%.200s'",
				  argv[0]);
		return -1;
	}
	json_open(out, '{');
	json_kv_string(out, "processId", program->id);
	if (program->who.pid)
		json_kv_int(out, "pid", program->who.pid);
	return 0;
}

int op_launch(struct desktop *d, const struct filter_request *r, struct buf *out,
	      struct filter_reply *reply, struct sa_error *err)
{
	struct part program;
	cleanup_buf struct buf before = BUF_INIT(TOOL_TEXT_BYTES), window = BUF_INIT(BUF_MAX_OWN);
	bool is_waited = false;
	(void)reply;
	if (runtime_ensure(d, err) < 0 ||
	    body_bool(span_trim(r->body), "wait", &is_waited, err) < 0)
		return -1;
	char **argv = read_argv(r, err);
	if (!argv)
		return -1;
	int rc = is_waited ? windows_list(&before, err) : 0;
	if (rc == 0)
		rc = start(d, (const char *const *)argv, &program, out, err);
	words_free(argv);
	if (rc == 0 && is_waited)
		rc = window_await(&program, &before, &window, err);
	if (rc < 0)
		return -1;
	if (window.len)
		json_kv_span(out, "windowId", buf_span(&window));
	json_close(out, '}');
	return 0;
}

int op_open(struct desktop *d, const struct filter_request *r, struct buf *out,
	    struct filter_reply *reply, struct sa_error *err)
{
	struct part program;
	(void)reply;
	if (runtime_ensure(d, err) < 0 || missing_check_one(d, "xdg-open", err) < 0)
		return -1;
	cleanup_free char *target = body_text(r, "target", err);
	if (!target)
		return -1;
	if (*target == '-')
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "target is a file or an address, not '%.200s'", target);
	const char *argv[] = {"xdg-open", target, NULL};
	if (start(d, argv, &program, out, err) < 0)
		return -1;
	json_close(out, '}');
	return 0;
}
