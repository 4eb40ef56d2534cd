/* The verb export: a session as a transcript. */
#include "bundle.h"
#include "follower.h"
#include "options_of.h"
#include "cli/plain.h"
#include "transcript.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_EVENTS = 256, FULL_BYTES = 64 * 1024 };

struct export {
	struct transcript transcript;
	struct buf line;
	int64_t position; /* eventIndex of the last record taken */
	size_t count;	  /* in this page */
	bool is_html;
};

static int add_event(const struct event *event, void *arg)
{
	struct export *x = arg;
	struct view view;
	buf_clear(&x->line);
	event_add_json(&x->line, event);
	view_read(span_trim(buf_span(&x->line)), &view);
	transcript_add(&x->transcript, &view);
	x->position = event->index;
	x->count++;
	return x->transcript.out.len >= FULL_BYTES;
}

static void print_escaped(struct span text)
{
	while (text.n) {
		size_t n = 0;
		while (n < text.n && !memchr("<>&", text.p[n], 3))
			n++;
		fwrite(text.p, 1, n, stdout);
		if (n < text.n)
			fputs(text.p[n] == '<'   ? "&lt;"
			      : text.p[n] == '>' ? "&gt;"
						 : "&amp;",
			      stdout);
		n += n < text.n;
		text.p += n;
		text.n -= n;
	}
}

static int print(struct export *x, struct sa_error *err)
{
	struct buf *out = &x->transcript.out;
	if (out->is_overflowed || x->line.is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "a record is over 1 GiB");
	if (x->is_html)
		print_escaped(buf_span(out));
	else
		fwrite(out->data ? out->data : "", 1, out->len, stdout);
	buf_clear(out);
	buf_shrink(out);
	buf_shrink(&x->line);
	/* A full disk, say, ends it here; what was left unwritten is told at the end. */
	return ferror(stdout) ? command_flush(err) : 0;
}

static int export(struct export *x, struct store *store, const struct server *server,
		  const struct session *session, struct sa_error *err)
{
	if (x->is_html)
		fputs("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
		      "<title>Session transcript</title>\n"
		      "<style>pre{white-space:pre-wrap;max-width:60em;margin:2em auto}</style>\n"
		      "</head><body><pre>",
		      stdout);
	buf_adds(&x->transcript.out, "# Session ");
	plain_add(&x->transcript.out, span_of(session->id));
	buf_adds(&x->transcript.out, "\n\n");
	do {
		x->count = 0;
		/* Printed outside of the read: a slow reader must not hold the store. */
		if (store_each_event(store, server, session->id, x->position, PAGE_EVENTS,
				     add_event, x, err) < 0 ||
		    print(x, err) < 0)
			return -1;
	} while (x->count);
	transcript_end(&x->transcript);
	if (print(x, err) < 0)
		return -1;
	if (x->is_html)
		fputs("</pre></body></html>\n", stdout);
	return SA_EXIT_OK;
}

static int export_session(const struct options *o, const char *format, char *reference,
			  struct sa_error *err)
{
	struct export x = {.is_html = strcmp(format, "html") == 0, .line = BUF_INIT(BUF_MAX_OWN)};
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (strcmp(format, "jsonl") == 0) {
		struct options lines = *o;
		lines.common.is_json = true;
		lines.common.is_text = false;
		return show_run(&lines, 1, &reference, err);
	}
	cleanup_store struct store *store = store_open(err);
	if (!store || store_find_session(store, reference, &session, err) < 0 ||
	    store_get_server(store, session.server_key, &server, err) < 0)
		return -1;
	transcript_init(&x.transcript);
	int rc = export(&x, store, &server, &session, err);
	transcript_free(&x.transcript);
	buf_free(&x.line);
	return rc;
}

int export_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	const char *format = o->format ? o->format : "markdown";
	char newest[] = "@last";
	char *reference = argc ? argv[0] : newest;
	if (argc != 1 && !(o->bundle && argc == 0))
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants SESSION");
	if (strcmp(format, "markdown") != 0 && strcmp(format, "html") != 0 &&
	    strcmp(format, "jsonl") != 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--format is markdown, html or jsonl, not '%s'", format);
	if (!o->bundle)
		return export_session(o, format, reference, err);
	char *folder = bundle_unpack(o->bundle, err);
	int rc = folder ? export_session(o, format, reference, err) : -1;
	bundle_remove(folder);
	return rc;
}
