/* The verb reply: answers to what agents ask, one or a stream of them. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "connection.h"
#include "links.h"
#include "request.h"
#include "verbs.h"
#include "json/lines.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_BYTES = 64 * 1024 };

/* --- a stream of decisions ------------------------------------------------------------ */

static int answer_line(struct links *links, struct span line, bool is_text, struct sa_error *err)
{
	struct answer decision;
	line = span_trim(line);
	if (line.n == 0)
		return 0;
	if (json_check(line, NULL) < 0 || json_type(line) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "not a JSON object");
	cleanup_free char *id = json_string_dup(json_get(line, "id"));
	cleanup_free char *by = json_string_dup(json_get(line, "by"));
	if (!id)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "no id of the request that it answers");
	answer_read(line, &decision);
	cleanup_free char *reason = json_string_dup(decision.reason);
	const char *general_by = links->by, *general_reason = links->reason;
	links->by = by ? by : general_by;
	links->reason = reason ? reason : general_reason;
	int rc = request_answer(links, id, &decision, is_text, err);
	links->by = general_by;
	links->reason = general_reason;
	return rc;
}

struct stream {
	struct links *links;
	bool is_text;
	bool is_json;
	int64_t number; /* of the line */
	int status;	/* of the first that failed */
};

/* One bad line does not end the stream: it is told, and the first one's status is ours. */
static void take_line(struct stream *s, enum lines_result result, struct span line)
{
	struct sa_error err = SA_ERROR_INIT;
	s->number++;
	int rc = result == LINES_TOO_LONG
		     ? error_set(&err, PROBLEM_TOO_LARGE, "longer than a line may be")
		     : answer_line(s->links, line, s->is_text, &err);
	if (rc == 0)
		return;
	error_prefix(&err, "standard input, line %lld", (long long)s->number);
	command_print_error("sa-session reply", &err, s->is_json);
	if (s->status == SA_EXIT_OK)
		s->status = problem_info(err.kind)->exit_status;
}

static int answer_stream(struct stream *s, struct sa_error *err)
{
	cleanup_free char *chunk = xmalloc(INPUT_BYTES);
	struct lines lines;
	struct span line;
	enum lines_result result;
	ssize_t n;
	lines_init(&lines, LINES_LIMIT_DEFAULT);
	while ((n = read(STDIN_FILENO, chunk, INPUT_BYTES)) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		lines_feed(&lines, (struct span){chunk, (size_t)n});
		while ((result = lines_next(&lines, &line)) != LINES_MORE)
			take_line(s, result, line);
	}
	if ((result = lines_end(&lines, &line)) != LINES_MORE)
		take_line(s, result, line);
	lines_free(&lines);
	return n < 0 ? error_set_errno(err, PROBLEM_FAILED, errno, "read standard input")
		     : s->status;
}

/* --- the verb -------------------------------------------------------------------------- */

static int check_json(const char *name, const char *text, struct sa_error *err)
{
	size_t bad = 0;
	if (!text || json_check(span_of(text), &bad) == 0)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "--%s is not JSON at byte %zu", name,
			 bad + 1);
}

static int answer_one(struct links *links, const struct options *o, int argc, char **argv,
		      struct sa_error *err)
{
	cleanup_buf struct buf word = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf error = BUF_INIT(BUF_MAX_OWN);
	if (argc > 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "reply wants one request and one answer");
	if ((argc == 2) + (o->reply.result != NULL) + (o->reply.error != NULL) > 1 ||
	    (o->reply.content && (o->reply.result || o->reply.error)))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "only one of an answer (with its --content), --result and --error");
	if (check_json("result", o->reply.result, err) < 0 ||
	    check_json("content", o->reply.content, err) < 0)
		return -1;
	if (argc == 2)
		json_add_string(&word, span_of(argv[1]));
	else if (o->reply.content)
		buf_adds(&word, "\"accept\"");
	if (o->reply.error) {
		json_open(&error, '{');
		json_kv_int(&error, "code", -32603);
		json_kv_string(&error, "message", o->reply.error);
		json_close(&error, '}');
	}
	const struct answer decision = {
	    .result = span_of(o->reply.result),
	    .error = error.len ? buf_span(&error) : SPAN_NONE,
	    .word = word.len ? buf_span(&word) : SPAN_NONE,
	    .content = span_of(o->reply.content),
	};
	return request_answer(links, argv[0], &decision, command_wants_text(&o->common), err);
}

int verb_reply(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "reply to which request?");
	cleanup_store struct store *store = store_open(err);
	struct links links = LINKS_INIT;
	links.store = store;
	links.by = o->reply.by;
	links.reason = o->reply.reason;
	if (!store)
		return -1;
	struct stream stream = {
	    .links = &links,
	    .is_text = command_wants_text(&o->common),
	    .is_json = o->common.is_json,
	};
	bool is_stream = argc == 1 && strcmp(argv[0], "-") == 0;
	int rc = is_stream ? answer_stream(&stream, err) : answer_one(&links, o, argc, argv, err);
	links_free(&links);
	return rc;
}
