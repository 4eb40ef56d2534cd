/* The verbs mode and config. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "print.h"
#include "resume.h"
#include "settings.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 60 };

static int count_value(struct span value, struct span name, void *arg)
{
	(void)value;
	(void)name;
	++*(size_t *)arg;
	return 0;
}

/* The text of a value for people: a string's text, else its JSON. */
static void add_value(struct buf *b, struct span value)
{
	cleanup_free char *text = json_string_dup(value);
	print_add_plain(b, text ? span_of(text) : value.p ? value : SPAN_LIT("-"), CELL_BYTES);
}

static void add_padded(struct buf *b, struct span value, size_t width)
{
	size_t start = b->len;
	add_value(b, value);
	while (b->len - start < width)
		buf_addc(b, ' ');
}

static void print_option(struct span option, bool is_text)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	size_t count = 0;
	if (!is_text) {
		buf_add_span(&b, option);
		buf_addc(&b, '\n');
		print_buf(&b);
		return;
	}
	settings_each_value(option, count_value, &count);
	add_padded(&b, json_get(option, "id"), 18);
	add_padded(&b, json_get(option, "currentValue"), 24);
	buf_adds(&b, " ");
	add_value(&b, json_get(option, "name"));
	if (count)
		buf_addf(&b, " (%zu values)", count);
	buf_addc(&b, '\n');
	print_buf(&b);
}

static int print_value(struct span value, struct span name, void *arg)
{
	const struct span *current = arg;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&b, json_scalar_equal(value, *current) ? "* " : "  ");
	add_padded(&b, value, 24);
	buf_adds(&b, " ");
	add_value(&b, name);
	buf_addc(&b, '\n');
	print_buf(&b);
	return 0;
}

static int print_values(struct span option, bool is_text)
{
	struct span current = json_get(option, "currentValue");
	if (!is_text || !json_get(option, "options").p) {
		print_option(option, is_text);
		return 0;
	}
	return settings_each_value(option, print_value, &current);
}

static int show_one(const struct connection *c, const char *name, bool is_text,
		    struct sa_error *err)
{
	cleanup_buf struct buf options = BUF_INIT(BUF_MAX_OWN);
	settings_add(&options, &c->session);
	struct span option = settings_find(buf_span(&options), name);
	if (!option.p)
		return error_set(err, PROBLEM_NOT_FOUND,
				 "agent '%s' has no option '%s'; 'sa-session config %s' lists them",
				 c->server.agent, name, c->session.id);
	return print_values(option, is_text);
}

static int show_all(const struct connection *c, bool is_text)
{
	cleanup_buf struct buf options = BUF_INIT(BUF_MAX_OWN);
	settings_add(&options, &c->session);
	struct json_iter it = json_iter(buf_span(&options));
	struct span option;
	while (json_next(&it, NULL, &option))
		print_option(option, is_text);
	return 0;
}

static int open_for_setting(struct connection *c, const struct options *o, struct sa_error *err)
{
	const struct resume_options how = {.timeout_ms = o->create.timeout_ms};
	return c->session.state == SESSION_INTERRUPTED ? resume_session(c, &how, err)
						       : connection_link(c, err);
}

static void tell(const struct connection *c, bool is_text)
{
	if (!is_text)
		print_session(&c->session, -1, 0);
}

int verb_mode(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	bool is_text = command_wants_text(&o->common);
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc < 1 || argc > 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "mode wants a session, and the mode to set");
	if (connection_find(&c, argv[0], err) < 0)
		return -1;
	if (argc == 1)
		return show_one(&c, "mode", is_text, err);
	if (open_for_setting(&c, o, err) < 0 ||
	    settings_set(&c, "mode", argv[1], deadline_after(o->create.timeout_ms), err) < 0)
		return -1;
	tell(&c, is_text);
	return SA_EXIT_OK;
}

int verb_config(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	bool is_text = command_wants_text(&o->common);
	int64_t deadline = deadline_after(o->create.timeout_ms);
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "config of which session?");
	if (connection_find(&c, argv[0], err) < 0)
		return -1;
	if (argc == 1)
		return show_all(&c, is_text);
	bool is_pair = strchr(argv[1], '=') != NULL;
	if (argc == 2 && !is_pair)
		return show_one(&c, argv[1], is_text, err);
	if (!is_pair && argc != 3)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "config wants SESSION NAME VALUE, or SESSION NAME=VALUE ...");
	if (open_for_setting(&c, o, err) < 0)
		return -1;
	if (!is_pair && settings_set(&c, argv[1], argv[2], deadline, err) < 0)
		return -1;
	for (int i = 1; is_pair && i < argc; i++)
		if (settings_set_pair(&c, argv[i], deadline, err) < 0)
			return -1;
	tell(&c, is_text);
	return SA_EXIT_OK;
}
