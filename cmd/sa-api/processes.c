/* api processes ...: programs on the server's machine. */
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "output.h"
#include "path.h"
#include "verbs.h"
#include "json/scan.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_BYTES_MAX = 32 << 20 };

/* {"command","args","cwd","env", ...}, left open. */
static int open_body(struct buf *b, const struct api_options *o, int argc, char **argv,
		     struct sa_error *err)
{
	json_open(b, '{');
	json_kv_string(b, "command", argv[0]);
	json_key(b, "args");
	json_open(b, '[');
	for (int i = 0; i < argc; i++) {
		if (path_check_text(argv[i], err) < 0)
			return -1;
		if (i > 0)
			json_add_string(b, span_of(argv[i]));
	}
	json_close(b, ']');
	if (path_check_text(o->cwd, err) < 0)
		return -1;
	json_kv_string(b, "cwd", o->cwd);
	json_key(b, "env");
	json_open(b, '{');
	for (size_t i = 0; i < o->env.count; i++) {
		const char *entry = o->env.items[i], *equals = strchr(entry, '=');
		if (!equals || equals == entry)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--env wants NAME=VALUE, not '%s'", entry);
		if (path_check_text(entry, err) < 0)
			return -1;
		cleanup_free char *name = xmemdup0(entry, (size_t)(equals - entry));
		json_kv_string(b, name, equals + 1);
	}
	json_close(b, '}');
	return 0;
}

static void print_text(FILE *out, struct span string)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&text, string) == 0 && text.len)
		fwrite(text.data, 1, text.len, out);
}

/* What it printed and its exit status become ours; with --json the answer is printed instead. */
static int run_run(struct client *client, const struct api_options *o, int argc, char **argv,
		   struct sa_error *err)
{
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct span json;
	if (open_body(&body, o, argc, argv, err) < 0)
		return -1;
	if (o->run_timeout_ms)
		json_kv_int(&body, "timeoutMs", o->run_timeout_ms);
	json_close(&body, '}');
	struct request request = REQUEST("POST", "/v1/processes/run");
	request.body = buf_span(&body);
	if (o->common.is_json)
		return output_line(client, &request, err);
	int rc = client_call(client, &request, &answer, err);
	if (rc != 0)
		return rc;
	if (output_check(&answer, &json, err) < 0)
		return -1;
	print_text(stdout, json_get(json, "stdout"));
	fflush(stdout);
	print_text(stderr, json_get(json, "stderr"));
	if (json_bool_or(json_get(json, "stdoutTruncated"), false))
		fprintf(stderr, "sa-api processes run: its output is longer than is kept\n");
	if (json_bool_or(json_get(json, "stderrTruncated"), false))
		fprintf(stderr,
			"sa-api processes run: its standard error is longer than is kept\n");
	if (json_bool_or(json_get(json, "timedOut"), false))
		return error_set(err, PROBLEM_TIMEOUT, "%s did not end in time", argv[0]);
	int64_t status = json_int_or(json_get(json, "exitCode"), -1);
	if (status < 0 || status > 255)
		return error_set(err, PROBLEM_FAILED, "%s was ended by a signal", argv[0]);
	return (int)status;
}

static int run_start(struct client *client, const struct api_options *o, int argc, char **argv,
		     struct sa_error *err)
{
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	if (open_body(&body, o, argc, argv, err) < 0)
		return -1;
	if (o->is_tty)
		json_kv_bool(&body, "tty", true);
	if (o->is_interactive)
		json_kv_bool(&body, "interactive", true);
	json_close(&body, '}');
	struct request request = REQUEST("POST", "/v1/processes");
	request.body = buf_span(&body);
	return output_line(client, &request, err);
}

static int run_list(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	(void)argv;
	cleanup_buf struct buf path = PATH_INIT;
	buf_adds(&path, "/v1/processes");
	path_query(&path, "owner", o->owner);
	struct request request = REQUEST("GET", path.data);
	return output_elements(client, &request, "processes", err);
}

/* METHOD /v1/processes/{id}ENDING */
static int on_process(struct client *client, const struct api_options *o, const char *method,
		      const char *id, const char *ending, struct sa_error *err)
{
	cleanup_buf struct buf path = PATH_INIT;
	cleanup_free char *wait = o->wait_ms >= 0 ? xasprintf("%" PRId64, o->wait_ms) : NULL;
	path_segment(&path, "/v1/processes/", id);
	buf_adds(&path, ending);
	path_query(&path, "waitMs", wait);
	struct request request = REQUEST(method, path.data);
	return output_line(client, &request, err);
}

static int run_show(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	return on_process(client, o, "GET", argv[0], "", err);
}

static int run_stop(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	return on_process(client, o, "POST", argv[0], "/stop", err);
}

static int run_kill(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	return on_process(client, o, "POST", argv[0], "/kill", err);
}

static int run_remove(struct client *client, const struct api_options *o, int argc, char **argv,
		      struct sa_error *err)
{
	(void)argc;
	return on_process(client, o, "DELETE", argv[0], "", err);
}

static int run_logs(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	cleanup_buf struct buf path = PATH_INIT;
	path_segment(&path, "/v1/processes/", argv[0]);
	buf_adds(&path, "/logs");
	path_query(&path, "stream", o->stream);
	path_query(&path, "tail", o->tail);
	path_query(&path, "since", o->since);
	path_query_flag(&path, "follow", o->is_follow);
	struct request request = REQUEST("GET", path.data);
	return o->is_follow ? output_events(client, &request, err)
			    : output_elements(client, &request, "entries", err);
}

/* The operands with blanks between and a line end, or standard input as it is. */
static int run_input(struct client *client, const struct api_options *o, int argc, char **argv,
		     struct sa_error *err)
{
	(void)o;
	cleanup_buf struct buf path = PATH_INIT;
	cleanup_buf struct buf data = BUF_INIT(INPUT_BYTES_MAX);
	cleanup_buf struct buf encoded = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf body = BUF_INIT(BUF_MAX_OWN);
	if (argc == 1 && io_read_all(STDIN_FILENO, &data, "standard input", err) < 0)
		return -1;
	for (int i = 1; i < argc; i++)
		buf_addf(&data, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
	base64_add(&encoded, buf_span(&data));
	json_open(&body, '{');
	json_kv_span(&body, "data", buf_span(&encoded));
	json_kv_string(&body, "encoding", "base64");
	json_close(&body, '}');
	path_segment(&path, "/v1/processes/", argv[0]);
	buf_adds(&path, "/input");
	struct request request = REQUEST("POST", path.data);
	request.body = buf_span(&body);
	return output_line(client, &request, err);
}

const struct subverb processes_subverbs[] = {
    {"list", 0, 0, "", run_list},
    {"run", 1, -1, "PROGRAM [ARG ...]", run_run},
    {"start", 1, -1, "PROGRAM [ARG ...]", run_start},
    {"show", 1, 1, "ID", run_show},
    {"stop", 1, 1, "ID", run_stop},
    {"kill", 1, 1, "ID", run_kill},
    {"remove", 1, 1, "ID", run_remove},
    {"logs", 1, 1, "ID", run_logs},
    {"input", 1, -1, "ID [TEXT ...]", run_input},
    {"attach", 1, 1, "ID", attach_run},
    {.name = NULL},
};
