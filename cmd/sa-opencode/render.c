#include "render.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "tell.h"
#include "thread.h"
#include "thread_json.h"
#include "json/lines.h"
#include "json/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct render {
	const struct render_options *options;
	struct thread *threads; /* one for each session, in the order of their coming */
	size_t count;
	struct teller teller;
};

static struct thread *find_thread(struct render *r, const char *session_id, const char *uid)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->threads[i].session_id, session_id) == 0)
			return &r->threads[i];
	const struct session session = {.id = (char *)session_id, .agent = (char *)"agent"};
	r->threads = xreallocarray(r->threads, r->count + 1, sizeof(*r->threads));
	thread_init(&r->threads[r->count], &session, uid);
	return &r->threads[r->count++];
}

/* "2026-11-22T10:00:00.123Z" as Unix milliseconds; 0: something else. */
static int64_t read_time(struct span value)
{
	cleanup_free char *text = json_string_dup(value);
	struct tm tm = {0};
	char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (!rest)
		return 0;
	int64_t ms = (int64_t)timegm(&tm) * 1000;
	int64_t part = 0;
	if (*rest == '.')
		num_parse_i64((struct span){rest + 1, strcspn(rest + 1, "Z")}, 0, 999, &part);
	return ms + part;
}

static void take_record(struct render *r, struct span line)
{
	static const char *const senders[] = {"client", "agent", "system"};
	struct span uid;
	int64_t index;
	struct event event = {.payload = json_get(line, "payload"),
			      .at_ms = read_time(json_get(line, "createdAt"))};
	cleanup_free char *id = json_string_dup(json_get(line, "id"));
	cleanup_free char *session_id = json_string_dup(json_get(line, "sessionId"));
	cleanup_free char *answers = json_string_dup(json_get(line, "answers"));
	if (!id || !session_id || !event.payload.p || event_id_parse(span_of(id), &uid, &index) < 0)
		return;
	cleanup_free char *uid_text = xmemdup0(uid.p, uid.n);
	event.index = index;
	event.server_uid = uid_text;
	event.session_id = span_of(session_id);
	event.answers = span_of(answers);
	for (size_t i = 0; i < ARRAY_SIZE(senders); i++)
		if (json_string_is(json_get(line, "sender"), senders[i]))
			event.sender = (enum sender)i;
	struct thread *thread = find_thread(r, session_id, uid_text);
	if (r->options->is_events)
		tell_record(&r->teller, thread, &event);
	else
		thread_add(thread, &event);
}

static int flush(struct render *r, struct sa_error *err)
{
	if (io_write_all(STDOUT_FILENO, buf_span(&r->teller.out)) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
	buf_clear(&r->teller.out);
	return 0;
}

static void take_line(struct render *r, struct span line)
{
	line = span_trim(line);
	if (line.n && json_check(line, NULL) == 0 && json_type(line) == JSON_OBJECT)
		take_record(r, line);
}

static int read_all(struct render *r, struct lines *lines, char *chunk, struct sa_error *err)
{
	struct span line;
	ssize_t n;
	while ((n = read(STDIN_FILENO, chunk, CHUNK_BYTES)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno, "read standard input");
		lines_feed(lines, (struct span){chunk, (size_t)n});
		enum lines_result result;
		while ((result = lines_next(lines, &line)) != LINES_MORE)
			if (result == LINES_LINE)
				take_line(r, line);
		if (flush(r, err) < 0)
			return -1;
	}
	if (lines_end(lines, &line) == LINES_LINE)
		take_line(r, line);
	return 0;
}

static void add_all(struct render *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct thread *thread = &r->threads[i];
		if (r->options->is_events)
			tell_thread(&r->teller, thread, 0);
		for (size_t j = 0; !r->options->is_events && j < thread->count; j++) {
			message_add_json(&r->teller.out, thread, &thread->messages[j]);
			buf_addc(&r->teller.out, '\n');
		}
	}
}

int render_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	struct render r = {.options = options,
			   .teller = {.out = BUF_INIT(BUF_MAX_OWN), .has_no_ids = true}};
	struct lines lines;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "records come on standard input, not '%s'", argv[0]);
	cleanup_free char *chunk = xmalloc(CHUNK_BYTES);
	lines_init(&lines, BUF_MAX_OWN);
	int rc = read_all(&r, &lines, chunk, err);
	if (rc == 0) {
		add_all(&r);
		rc = flush(&r, err);
	}
	lines_free(&lines);
	for (size_t i = 0; i < r.count; i++)
		thread_free(&r.threads[i]);
	free(r.threads);
	buf_free(&r.teller.out);
	return rc < 0 ? -1 : SA_EXIT_OK;
}
