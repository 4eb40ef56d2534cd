/*
 * The selections of X11. A text stays with the program that has it, so one xclip for each hands out
 * ours until another program has one: a managed process, as the display's other programs are.
 */
#include "op.h"
#include "tool.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { TAKE_OVER_MS = 2000, STEP_MS = 20 };

/* The selection of that name, NULL: the clipboard. -1 with PROBLEM_DESKTOP_INVALID_ACTION. */
static int find_selection(const char *name, struct sa_error *err)
{
	for (int kind = PART_CLIPBOARD; kind <= PART_SECONDARY; kind++)
		if (!name || strcmp(name, part_name(kind)) == 0)
			return kind;
	return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
			 "selection is clipboard, primary or secondary");
}

static int ensure(struct desktop *d, struct sa_error *err)
{
	return runtime_ensure(d, err) < 0 ? -1 : missing_check_one(d, "xclip", err);
}

/* Its text; none when there is none, or an image. 0, or -1. */
static int read_text(const char *selection, struct buf *text, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	cleanup_buf struct buf errors = BUF_INIT(TOOL_TEXT_BYTES);
	WORDS_ADD(&tool.words, "xclip", "-selection", selection, "-o");
	int rc = tool_run(&tool, text, &errors, err);
	if (rc > 0)
		buf_clear(text);
	if (text->len == TOOL_TEXT_BYTES || text->is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "what is in it has %d bytes or more",
				 TOOL_TEXT_BYTES);
	return rc < 0 ? -1 : 0;
}

int op_clipboard_get(struct desktop *d, const struct filter_request *r, struct buf *out,
		     struct filter_reply *reply, struct sa_error *err)
{
	cleanup_free char *wanted = filter_param(r, "selection");
	cleanup_buf struct buf text = BUF_INIT(TOOL_TEXT_BYTES);
	(void)reply;
	if (ensure(d, err) < 0)
		return -1;
	int kind = find_selection(wanted, err);
	if (kind < 0 || read_text(part_name(kind), &text, err) < 0)
		return -1;
	json_open(out, '{');
	json_kv_span(out, "text", text.len ? buf_span(&text) : SPAN_LIT(""));
	json_kv_string(out, "selection", part_name(kind));
	json_close(out, '}');
	return 0;
}

/* Until it is handed out: whoever reads it next must get it. 0, or -1. */
static int await_text(const char *selection, const char *text, struct sa_error *err)
{
	int64_t deadline = deadline_after(TAKE_OVER_MS);
	for (;;) {
		cleanup_buf struct buf now = BUF_INIT(TOOL_TEXT_BYTES);
		if (read_text(selection, &now, err) < 0)
			return -1;
		if (span_equal(buf_span(&now), span_of(text)))
			return 0;
		if (clock_monotonic_ms() >= deadline)
			return error_set(err, PROBLEM_DESKTOP_INPUT_FAILED,
					 "another program has taken the %s over", selection);
		nanosleep(&(struct timespec){0, STEP_MS * 1000000L}, NULL);
	}
}

/* Another xclip for it, whose text it reads from a file before it begins. 0, or -1. */
static int hand_out(struct desktop *d, enum part_kind kind, const char *text, struct sa_error *err)
{
	struct part next;
	cleanup_buf struct buf line = BUF_INIT(TOOL_TEXT_BYTES);
	cleanup_free char *file = xasprintf("%s/selection", d->folder);
	const char *argv[] = {"xclip", "-quiet", "-selection", part_name(kind), "-i", file, NULL};
	if (io_replace_at(d->folder_fd, "selection", "selection.new", span_of(text), false) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write %s", file);
	int rc = managed_start(d, argv, &next, err);
	if (rc == 0) {
		/* It says that it waits when it has read the file. */
		rc = managed_first_line(&next, "stderr", &line, err);
		managed_forget(&d->state.parts[kind]);
		if (rc == 0)
			rc = await_text(part_name(kind), text, err);
		if (rc < 0)
			managed_forget(&next);
		d->state.parts[kind] = next;
	}
	unlink(file);
	return rc < 0 ? -1 : desktop_write(d, err);
}

int op_clipboard_set(struct desktop *d, const struct filter_request *r, struct buf *out,
		     struct filter_reply *reply, struct sa_error *err)
{
	struct span body = span_trim(r->body), name = json_get(body, "selection");
	cleanup_free char *wanted = json_string_dup(name);
	cleanup_free char *text = json_string_dup(json_get(body, "text"));
	(void)reply;
	if (ensure(d, err) < 0)
		return -1;
	if (!text || strlen(text) >= TOOL_TEXT_BYTES)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "text is text without U+0000, of less than %d bytes",
				 TOOL_TEXT_BYTES);
	bool is_absent = json_type(name) == JSON_NONE || json_type(name) == JSON_NULL;
	int kind = find_selection(is_absent || wanted ? wanted : "", err);
	if (kind < 0 || desktop_lock(d, err) < 0 || hand_out(d, kind, text, err) < 0)
		return -1;
	buf_adds(out, "{\"ok\":true}");
	return 0;
}
