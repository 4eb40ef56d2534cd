/* The verb export: a session as a transcript. */
#include "follower.h"
#include "options_of.h"
#include "plain.h"
#include "transcript.h"

#include <stdio.h>
#include <string.h>

static int add_event(const struct event *event, void *arg)
{
	struct buf line = BUF_INIT(BUF_MAX_OWN);
	struct view view;
	event_add_json(&line, event);
	view_read(buf_span(&line), &view);
	transcript_add(arg, &view);
	buf_free(&line);
	return 0;
}

static void print_html(struct span text)
{
	fputs("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Session transcript</title>\n"
	      "<style>pre{white-space:pre-wrap;max-width:60em;margin:2em auto}</style>\n"
	      "</head><body><pre>",
	      stdout);
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '<':
			fputs("&lt;", stdout);
			break;
		case '>':
			fputs("&gt;", stdout);
			break;
		case '&':
			fputs("&amp;", stdout);
			break;
		default:
			putchar(text.p[i]);
		}
	}
	fputs("</pre></body></html>\n", stdout);
}

int export_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	const char *format = o->format ? o->format : "markdown";
	bool is_html = strcmp(format, "html") == 0;
	if (argc != 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants SESSION");
	if (strcmp(format, "jsonl") == 0) {
		struct options lines = *o;
		lines.common.is_json = true;
		lines.common.is_text = false;
		return show_run(&lines, argc, argv, err);
	}
	if (!is_html && strcmp(format, "markdown") != 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--format is markdown, html or jsonl, not '%s'", format);
	cleanup_store struct store *store = store_open(err);
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (!store || store_find_session(store, argv[0], &session, err) < 0 ||
	    store_get_server(store, session.server_key, &server, err) < 0)
		return -1;
	cleanup_transcript struct transcript t;
	transcript_init(&t);
	buf_adds(&t.out, "# Session ");
	plain_add(&t.out, span_of(session.id));
	buf_adds(&t.out, "\n\n");
	if (store_each_event(store, &server, session.id, 0, 0, add_event, &t, err) < 0)
		return -1;
	transcript_end(&t);
	if (t.out.is_overflowed || t.run.is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "the transcript is over 1 GiB");
	if (is_html)
		print_html(buf_span(&t.out));
	else
		fwrite(t.out.data, 1, t.out.len, stdout);
	return SA_EXIT_OK;
}
