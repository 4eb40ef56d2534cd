/* The keyboard. Keys have X11's names; the usual names of browsers are understood too. */
#include "op.h"
#include "tool.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <stdio.h>
#include <string.h>

enum {
	TEXT_MOST_BYTES = 64 * 1024,
	DELAY_MOST_MS = 1000,
	TYPING_MOST_MS = 60000, /* what one request may take */
	DELAY_USUAL_MS = 5,
	TYPING_STEP_MS = 10, /* for a character, beside the delay */
};

/* Run it: errors on standard error are failures, whatever the exit status says. 0, or -1. */
static int perform(const struct tool *tool, struct buf *out, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(TOOL_TEXT_BYTES), errors = BUF_INIT(TOOL_TEXT_BYTES);
	int rc = tool_run(tool, &text, &errors, err);
	if (rc < 0)
		return -1;
	if (errors.len && strstr(errors.data, "No such key name"))
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION, "there is no such key");
	if (rc > 0)
		return error_set(err, PROBLEM_DESKTOP_INPUT_FAILED, "xdotool: status %d: %.*s", rc,
				 SPAN_ARG(span_trim(buf_span(&errors))));
	buf_adds(out, "{\"ok\":true}");
	return 0;
}

int op_keyboard_type(struct desktop *d, const struct filter_request *r, struct buf *out,
		     struct filter_reply *reply, struct sa_error *err)
{
	struct tool tool = TOOL_INIT;
	int64_t delay = DELAY_USUAL_MS;
	bool has;
	char number[16];
	(void)reply;
	if (runtime_ensure(d, err) < 0)
		return -1;
	cleanup_free char *text = body_text(r, "text", err);
	if (!text || body_int(r, "delayMs", 0, DELAY_MOST_MS, &delay, &has, err) < 0)
		return -1;
	int64_t length = (int64_t)strlen(text);
	if (length > TEXT_MOST_BYTES || (!has && length * delay > TYPING_MOST_MS))
		delay = 0;
	if (length > TEXT_MOST_BYTES || length * delay > TYPING_MOST_MS)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "text has at most %d bytes and takes at most %d ms to type",
				 TEXT_MOST_BYTES, TYPING_MOST_MS);
	snprintf(number, sizeof(number), "%lld", (long long)delay);
	WORDS_ADD(&tool.words, "xdotool", "type", "--delay", number, "--file", "-");
	tool.input = span_of(text);
	tool.deadline_ms = TOOL_DEADLINE_MS + length * (delay + TYPING_STEP_MS);
	return perform(&tool, out, err);
}

static const char *key_name(const char *key)
{
	static const char *const names[][2] = {
	    {"Enter", "Return"},      {"Esc", "Escape"},	  {"Backspace", "BackSpace"},
	    {"ArrowUp", "Up"},	      {"ArrowDown", "Down"},	  {"ArrowLeft", "Left"},
	    {"ArrowRight", "Right"},  {"PageUp", "Prior"},	  {"PageDown", "Next"},
	    {" ", "space"},	      {"Space", "space"},	  {"Del", "Delete"},
	    {"Control", "Control_L"}, {"Shift", "Shift_L"},	  {"Alt", "Alt_L"},
	    {"Meta", "Super_L"},      {"enter", "Return"},	  {"escape", "Escape"},
	    {"tab", "Tab"},	      {"backspace", "BackSpace"}, {"delete", "Delete"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(key, names[i][0]) == 0)
			return names[i][1];
	return key;
}

static int use_key(struct desktop *d, const struct filter_request *r, const char *verb,
		   bool has_modifiers, struct buf *out, struct sa_error *err)
{
	static const char *const modifiers[][2] = {
	    {"ctrl", "ctrl+"}, {"shift", "shift+"}, {"alt", "alt+"}, {"cmd", "super+"}};
	struct tool tool = TOOL_INIT;
	cleanup_buf struct buf chord = BUF_INIT(TOOL_TEXT_BYTES);
	if (runtime_ensure(d, err) < 0)
		return -1;
	cleanup_free char *key = body_text(r, "key", err);
	if (!key)
		return -1;
	struct span held = json_get(span_trim(r->body), "modifiers");
	if (has_modifiers && held.p && json_type(held) != JSON_OBJECT &&
	    json_type(held) != JSON_NULL)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION,
				 "modifiers is an object of ctrl, shift, alt and cmd");
	/* A key without the one that is held with it is another key. */
	for (size_t i = 0; has_modifiers && i < ARRAY_SIZE(modifiers); i++) {
		bool is_held = false;
		if (body_bool(held, modifiers[i][0], &is_held, err) < 0)
			return -1;
		buf_adds(&chord, is_held ? modifiers[i][1] : "");
	}
	if (buf_adds(&chord, key_name(key)) < 0)
		return error_set(err, PROBLEM_DESKTOP_INVALID_ACTION, "key is too long");
	WORDS_ADD(&tool.words, "xdotool", verb, "--", chord.data);
	return perform(&tool, out, err);
}

int op_keyboard_press(struct desktop *d, const struct filter_request *r, struct buf *out,
		      struct filter_reply *reply, struct sa_error *err)
{
	(void)reply;
	return use_key(d, r, "key", true, out, err);
}

int op_keyboard_down(struct desktop *d, const struct filter_request *r, struct buf *out,
		     struct filter_reply *reply, struct sa_error *err)
{
	(void)reply;
	return use_key(d, r, "keydown", false, out, err);
}

int op_keyboard_up(struct desktop *d, const struct filter_request *r, struct buf *out,
		   struct filter_reply *reply, struct sa_error *err)
{
	(void)reply;
	return use_key(d, r, "keyup", false, out, err);
}
