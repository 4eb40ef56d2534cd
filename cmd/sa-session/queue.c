/* The verb queue: the prompts that wait for their session's turn. */
#include "base/cleanup.h"
#include "input.h"
#include "print.h"
#include "queued.h"
#include "verbs.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 200 };

static void print_words(struct span record)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN), words = BUF_INIT(BUF_MAX_OWN);
	struct span blocks = json_get(record, "prompt"), block;
	struct json_iter it = json_iter(blocks);
	json_string_add(&b, json_get(record, "id"));
	buf_adds(&b, "  ");
	while (json_type(blocks) == JSON_ARRAY && json_next(&it, NULL, &block)) {
		struct span text = json_get(block, "text");
		if (words.len)
			buf_addc(&words, ' ');
		if (text.p)
			json_string_add(&words, text);
		else
			buf_adds(&words, "[...]");
	}
	if (!blocks.p)
		buf_addf(&words, "[%lld bytes]",
			 (long long)json_int_or(json_get(record, "bytes"), 0));
	print_add_plain(&b, buf_span(&words), LINE_BYTES);
	if (json_bool_or(json_get(record, "isWaited"), false))
		buf_adds(&b, "  (waited for)");
	buf_addc(&b, '\n');
	print_buf(&b);
}

static int list(const struct options *o, int argc, char **argv, struct sa_error *err)
{
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "list the queue of which session?");
	for (int i = 0; i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		cleanup_buf struct buf all = BUF_INIT(BUF_MAX_OWN);
		struct span record;
		if (connection_find(&c, argv[i], err) < 0 || queued_list(&c, &all, err) < 0)
			return -1;
		for (struct json_iter it = json_iter(buf_span(&all)); json_next(&it, NULL, &record);) {
			cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
			buf_add_span(&line, record);
			buf_addc(&line, '\n');
			if (command_wants_text(&o->common))
				print_words(record);
			else
				print_buf(&line);
		}
	}
	return SA_EXIT_OK;
}

static int edit(const struct options *o, int argc, char **argv, struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_buf struct buf blocks = BUF_INIT(BUF_MAX_OWN);
	if (argc < 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "edit wants a session, the prompt's id, and a text");
	if (connection_find(&c, argv[0], err) < 0 ||
	    input_read(&o->input, argc - 2, argv + 2, &blocks, err) < 0)
		return -1;
	return queued_change(&c, argv[1], buf_span(&blocks), o->reply.by ? o->reply.by : "cli",
			     err);
}

static int drop(const struct options *o, int argc, char **argv, struct sa_error *err)
{
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc < 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "drop wants a session and the ids of prompts");
	if (connection_find(&c, argv[0], err) < 0)
		return -1;
	for (int i = 1; i < argc; i++)
		if (queued_change(&c, argv[i], SPAN_NONE, o->reply.by ? o->reply.by : "cli", err) <
		    0)
			return -1;
	return SA_EXIT_OK;
}

int verb_queue(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	if (argc > 0 && strcmp(argv[0], "list") == 0)
		return list(o, argc - 1, argv + 1, err);
	if (argc > 0 && strcmp(argv[0], "edit") == 0)
		return edit(o, argc - 1, argv + 1, err);
	if (argc > 0 && strcmp(argv[0], "drop") == 0)
		return drop(o, argc - 1, argv + 1, err);
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "queue wants list SESSION, edit SESSION PROMPT, or drop SESSION PROMPT");
}
