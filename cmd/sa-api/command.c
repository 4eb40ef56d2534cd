/* api command session|fs|process ...: a command line that runs on the server, what sa-session and
 * others become with --endpoint. Its output and exit status are ours. */
#include "base/base64.h"
#include "base/cleanup.h"
#include "os/io.h"
#include "path.h"
#include "sse.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { INPUT_BYTES_MAX = 64 << 20, SIGNAL_BASE = 128 };

struct run {
	struct sse_reader reader;
	bool has_ended;
	int status;
	char *message; /* why it could not be run */
};

static int print_data(FILE *out, struct span data, const char *member)
{
	cleanup_buf struct buf bytes = BUF_INIT(BUF_MAX_OWN);
	struct span text = json_string_plain(json_get(data, member));
	if (!text.p || base64_decode(&bytes, text) < 0)
		return 0;
	bool is_written = fwrite(bytes.data, 1, bytes.len, out) == bytes.len && fflush(out) == 0;
	return is_written ? 0 : 1;
}

static void take_end(struct run *run, struct span data)
{
	int64_t signal_number = json_int_or(json_get(data, "signal"), 0);
	run->has_ended = true;
	run->status = signal_number ? SIGNAL_BASE + (int)signal_number
				    : (int)json_int_or(json_get(data, "exitStatus"), 1);
	run->message = json_string_dup(json_get(data, "message"));
}

static int take_event(void *arg, const struct sse_event *event)
{
	struct run *run = arg;
	if (json_check(event->data, NULL) < 0)
		return 0;
	if (span_is(event->name, "stdout"))
		return print_data(stdout, event->data, "data");
	if (span_is(event->name, "stderr"))
		return print_data(stderr, event->data, "data");
	if (!span_is(event->name, "exit"))
		return 0;
	take_end(run, event->data);
	return 1;
}

static int feed(void *arg, struct span data)
{
	return sse_feed(&((struct run *)arg)->reader, data);
}

static void add_columns(struct buf *b)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		json_kv_int(b, "columns", size.ws_col);
}

static int add_args(struct buf *b, int argc, char **argv, struct sa_error *err)
{
	json_open(b, '[');
	for (int i = 1; i < argc; i++) {
		if (path_check_text(argv[i], err) < 0)
			return -1;
		json_add_string(b, span_of(argv[i]));
	}
	json_close(b, ']');
	return 0;
}

static int make_body(const struct api_options *o, int argc, char **argv, struct buf *b,
		     struct sa_error *err)
{
	cleanup_buf struct buf input = BUF_INIT(INPUT_BYTES_MAX);
	cleanup_buf struct buf encoded = BUF_INIT(BUF_MAX_OWN);
	json_open(b, '{');
	json_kv_string(b, "command", argv[0]);
	json_key(b, "args");
	if (add_args(b, argc, argv, err) < 0)
		return -1;
	if (o->has_input) {
		if (io_read_all(STDIN_FILENO, &input, "standard input", err) < 0)
			return -1;
		base64_add(&encoded, buf_span(&input));
		json_kv_span(b, "input", buf_span(&encoded));
	}
	add_columns(b);
	json_close(b, '}');
	return 0;
}

static int finish(const struct run *run, const char *command)
{
	cleanup_free char *message = run->message;
	if (message)
		fprintf(stderr, "sa-%s: %s\n", command, message);
	return run->status;
}

/* Standard input as the request's body, as it comes; the answer is all that the command printed. */
static int run_with_body(struct client *client, int argc, char **argv, struct sa_error *err)
{
	cleanup_buf struct buf args = BUF_INIT(BUF_MAX_OWN), path = PATH_INIT;
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct run run = {.status = 1};
	if (add_args(&args, argc, argv, err) < 0)
		return -1;
	path_segment(&path, "/v1/commands/", argv[0]);
	path_query(&path, "args", args.data);
	struct request request = REQUEST("POST", path.data);
	request.body_fd = STDIN_FILENO;
	request.content_type = "application/octet-stream";
	if (client_send(client, &request, &answer, err) < 0 || client_judge(&answer, err) < 0)
		return -1;
	struct span said = span_trim(buf_span(&answer.body));
	if (json_check(said, NULL) < 0)
		return error_set(err, PROBLEM_STREAM_ERROR, "%s: no answer of a command",
				 client->endpoint);
	print_data(stderr, said, "stderr");
	print_data(stdout, said, "stdout");
	take_end(&run, said);
	return finish(&run, argv[0]);
}

int command_run(struct client *client, const struct api_options *o, int argc, char **argv,
		struct sa_error *err)
{
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct run run = {.status = 1};
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "which command? session, events, fs, ...");
	if (o->has_body)
		return run_with_body(client, argc, argv, err);
	if (make_body(o, argc, argv, &body, err) < 0)
		return -1;
	struct request request = REQUEST("POST", "/v1/commands");
	request.body = buf_span(&body);
	request.accept = "text/event-stream";
	request.sink = feed;
	request.sink_arg = &run;
	sse_init(&run.reader, take_event, &run);
	int rc = client_send(client, &request, &answer, err);
	if (rc == 0)
		rc = client_judge(&answer, err);
	sse_free(&run.reader);
	if (rc == 0 && run.has_ended)
		return finish(&run, argv[0]);
	free(run.message);
	if (rc < 0)
		return -1;
	if (answer.is_stopped) /* nobody reads our output */
		return SA_EXIT_FAILED;
	return error_set(err, PROBLEM_STREAM_ERROR, "%s: the connection ended before the command",
			 client->endpoint);
}
