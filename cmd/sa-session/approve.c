/* The verbs approve, deny, answer: what reply does, for people. */
#include "base/cleanup.h"
#include "cli/form.h"
#include "cli/plain.h"
#include "os/io.h"
#include "request.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_BYTES = 16 << 20 };

static int begin(struct links *links, struct store *store, const struct options *o)
{
	*links = LINKS_INIT;
	links->store = store;
	links->by = o->reply.by;
	links->reason = o->reply.reason;
	return store ? 0 : -1;
}

/* --- approve, deny ------------------------------------------------------------------------------
 */

/* Each one; the first that fails ends it. */
static int answer_all(const struct options *o, const char *word, int argc, char **argv,
		      struct sa_error *err)
{
	cleanup_store struct store *store = store_open(err);
	struct links links;
	const struct answer answer = {.word = span_of(word)};
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "which request, or which session's?");
	if (begin(&links, store, o) < 0)
		return -1;
	int rc = 0;
	for (int i = 0; rc == 0 && i < argc; i++)
		rc = request_answer(&links, argv[i], &answer, command_wants_text(&o->common), err);
	links_free(&links);
	return rc;
}

int verb_approve(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	return answer_all(o, o->reply.is_always ? "\"allow-always\"" : "\"allow\"", argc, argv,
			  err);
}

int verb_deny(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	return answer_all(o, o->reply.is_always ? "\"reject-always\"" : "\"reject\"", argc, argv,
			  err);
}

/* --- answer: fields on the command line
 * ----------------------------------------------------------- */

/* What the operands (NAME=VALUE) say for this name; NULL: nothing. */
static const char *value_of(struct span name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		cleanup_free char *key = strndup(argv[i], (size_t)(equals - argv[i]));
		if (json_string_is(name, key))
			return equals + 1;
	}
	return NULL;
}

static int check_pairs(struct span properties, int argc, char **argv, struct sa_error *err)
{
	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		if (!equals || equals == argv[i])
			return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is not NAME=VALUE",
					 argv[i]);
		cleanup_free char *name = strndup(argv[i], (size_t)(equals - argv[i]));
		if (!json_get(properties, name).p)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "the question has no field '%s'", name);
		for (int k = 0; k < i; k++)
			if (strncmp(argv[k], argv[i], (size_t)(equals - argv[i]) + 1) == 0)
				return error_set(err, PROBLEM_INVALID_REQUEST,
						 "'%s' is given twice", name);
	}
	return 0;
}

/* Each field in the form's order takes its value, or nothing. */
static int fill_by_pairs(struct form *form, int argc, char **argv, struct sa_error *err)
{
	struct span properties = json_get(form->schema, "properties"), name, field;
	struct json_iter it = json_iter(properties);
	if (check_pairs(properties, argc, argv, err) < 0)
		return -1;
	while (json_type(properties) == JSON_OBJECT && json_next(&it, &name, &field)) {
		const char *value = value_of(name, argc, argv);
		const char *problem = form_take(form, span_of(value ? value : ""));
		if (problem)
			return error_set(err, PROBLEM_INVALID_REQUEST, "%.*s: %s", SPAN_ARG(name),
					 problem);
	}
	return 0;
}

/* --- answer: on a terminal
 * ------------------------------------------------------------------------ */

static void show(struct buf *text)
{
	fwrite(text->data ? text->data : "", 1, text->len, stderr);
	fflush(stderr);
	buf_clear(text);
}

/* A line of the terminal, without its end; the caller frees. NULL at its end. */
static char *read_line(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);
	if (n < 0) {
		free(line);
		return NULL;
	}
	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = '\0';
	return line;
}

/* 1: filled in, 0: the terminal's end came first. */
static int fill_by_hand(struct form *form)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	while (!form_is_done(form)) {
		form_prompt(form, &text);
		show(&text);
		cleanup_free char *line = read_line();
		if (!line)
			return 0;
		const char *problem = form_take(form, span_of(line));
		if (problem)
			buf_addf(&text, "  (%s)\n", problem);
		show(&text);
	}
	return 1;
}

/* A word as an answer: an option's number or id; y, n. Empty: the terminal's end. */
static void ask_word(struct span request, struct buf *ret)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	struct span options = json_path(request, "params.options"), option, chosen = SPAN_NONE;
	struct json_iter it = json_iter(options);
	int count = 0;
	while (json_type(options) == JSON_ARRAY && json_next(&it, NULL, &option)) {
		buf_addf(&text, "  %d) ", ++count);
		plain_add_json(&text, json_get(option, "name"));
		buf_addc(&text, '\n');
	}
	buf_adds(&text, count ? "number? " : "go on [y/n]? ");
	show(&text);
	cleanup_free char *line = read_line();
	it = json_iter(options);
	for (int i = 1; line && count && json_next(&it, NULL, &option); i++) {
		cleanup_buf struct buf number = BUF_INIT(32);
		buf_add_int(&number, i);
		if (span_is(buf_span(&number), line))
			chosen = json_get(option, "optionId");
	}
	if (chosen.p)
		buf_add_span(ret, chosen);
	else if (line && !count)
		json_add_string(ret, *line == 'y' ? SPAN_LIT("accept") : SPAN_LIT("decline"));
	else if (line)
		json_add_string(ret, span_of(line));
}

static void introduce(struct span request)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	struct span params = json_get(request, "params"), url = json_get(params, "url");
	struct span message = json_get(params, "message");
	plain_add_json(&text, message.p ? message : json_path(params, "toolCall.title"));
	buf_addc(&text, '\n');
	if (url.p) {
		buf_adds(&text, "  open ");
		plain_add_json(&text, url);
		buf_addc(&text, '\n');
	}
	show(&text);
}

/* --- answer
 * ----------------------------------------------------------------------------------------- */

/* The JSON object on standard input: an answer, or with content the content alone. */
static int read_object(struct buf *room, struct answer *ret, struct sa_error *err)
{
	size_t bad = 0;
	if (io_read_all(STDIN_FILENO, room, "standard input", err) < 0)
		return -1;
	struct span text = span_trim(buf_span(room));
	if (json_check(text, &bad) < 0 || json_type(text) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "standard input is no JSON object (byte %zu)", bad + 1);
	answer_read(text, ret);
	if (!ret->word.p && !ret->result.p && !ret->error.p)
		*ret = (struct answer){.word = SPAN_LIT("\"accept\""), .content = text};
	return 0;
}

/* Fills ret, whose parts lie in room. */
static int make(struct span request, int argc, char **argv, struct buf *room, struct answer *ret,
		struct sa_error *err)
{
	struct span schema = json_path(request, "params.requestedSchema");
	if (argc == 0 && !isatty(STDIN_FILENO))
		return read_object(room, ret, err);
	if (argc == 0)
		introduce(request);
	if (!schema.p) {
		if (argc)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "what the agent asks has no fields");
		ask_word(request, room);
		ret->word = room->len ? buf_span(room) : SPAN_LIT("\"cancel\"");
		return 0;
	}
	struct form form;
	form_begin(&form, schema);
	int rc = argc ? fill_by_pairs(&form, argc, argv, err) : fill_by_hand(&form);
	ret->word = rc == 0 && !argc ? SPAN_LIT("\"decline\"") : SPAN_LIT("\"accept\"");
	if (rc >= 0 && (argc || rc == 1)) {
		form_add_content(&form, room);
		ret->content = buf_span(room);
	}
	form_free(&form);
	return rc < 0 ? -1 : 0;
}

int verb_answer(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_store struct store *store = store_open(err);
	cleanup_request struct request request = {.id = NULL};
	cleanup_buf struct buf room = BUF_INIT(ANSWER_BYTES);
	struct answer answer = {.word = SPAN_NONE};
	struct links links;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "answer which request?");
	if (begin(&links, store, o) < 0 || request_find(store, argv[0], &request, err) < 0 ||
	    make(span_of(request.payload), argc - 1, argv + 1, &room, &answer, err) < 0)
		return -1;
	cleanup_free char *reason = json_string_dup(answer.reason);
	links.reason = links.reason ? links.reason : reason;
	int rc = request_answer(&links, request.id, &answer, command_wants_text(&o->common), err);
	links_free(&links);
	return rc;
}
