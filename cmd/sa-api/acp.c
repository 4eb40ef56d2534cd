/* api acp list|post|stream|close: raw envelopes, as the reference takes them. */
#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "output.h"
#include "path.h"
#include "verbs.h"
#include "json/scan.h"

#include <string.h>
#include <unistd.h>

enum { ENVELOPE_BYTES_MAX = 64 << 20 };

/* Checked here as the reference does it: wrong ones are failures (1), not usage errors. */
static int add_server(struct buf *path, const struct api_options *o, struct sa_error *err)
{
	if (!o->server_id)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--server-id is wanted");
	if (!*o->server_id)
		return error_set(err, PROBLEM_FAILED, "server id must not be empty");
	if (strchr(o->server_id, '/'))
		return error_set(err, PROBLEM_FAILED, "server id must not contain '/'");
	path_segment(path, "/v1/acp/", o->server_id);
	return 0;
}

static int read_envelope(const struct api_options *o, struct buf *ret, struct sa_error *err)
{
	if (o->json && o->json_file)
		return error_set(err, PROBLEM_FAILED, "provide --json or --json-file, not both");
	if (!o->json && !o->json_file)
		return error_set(err, PROBLEM_FAILED,
				 "missing payload: provide --json or --json-file");
	if (o->json) {
		buf_adds(ret, o->json);
	} else if (strcmp(o->json_file, "-") == 0) {
		if (io_read_all(STDIN_FILENO, ret, "standard input", err) < 0)
			return -1;
	} else if (io_read_file(o->json_file, ret, err) < 0) {
		return -1;
	}
	size_t bad;
	if (json_check(buf_span(ret), &bad) < 0)
		return error_set(err, PROBLEM_FAILED, "the payload is not JSON, from byte %zu on",
				 bad + 1);
	return 0;
}

static int run_post(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)argc;
	(void)argv;
	cleanup_buf struct buf path = PATH_INIT;
	cleanup_buf struct buf body = BUF_INIT(ENVELOPE_BYTES_MAX);
	if (add_server(&path, o, err) < 0)
		return -1;
	if (o->agent && !*o->agent)
		return error_set(err, PROBLEM_FAILED, "agent must not be empty when provided");
	path_query(&path, "agent", o->agent);
	if (read_envelope(o, &body, err) < 0)
		return -1;
	struct request request = REQUEST("POST", path.data);
	request.body = buf_span(&body);
	return output_pretty(client, &request, err);
}

static int run_stream(struct client *client, const struct api_options *o, int argc, char **argv,
		      struct sa_error *err)
{
	(void)argc;
	(void)argv;
	cleanup_buf struct buf path = PATH_INIT;
	cleanup_free char *header = NULL;
	uint64_t last;
	if (add_server(&path, o, err) < 0)
		return -1;
	if (o->last_event_id && num_parse_u64(span_of(o->last_event_id), UINT64_MAX, &last) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--last-event-id wants a whole number, not '%s'",
				 o->last_event_id);
	struct request request = REQUEST("GET", path.data);
	if (o->last_event_id) {
		header = xasprintf("Last-Event-ID: %s", o->last_event_id);
		request.header = header;
	}
	return output_events(client, &request, err);
}

static int run_close(struct client *client, const struct api_options *o, int argc, char **argv,
		     struct sa_error *err)
{
	(void)argc;
	(void)argv;
	cleanup_buf struct buf path = PATH_INIT;
	if (add_server(&path, o, err) < 0)
		return -1;
	struct request request = REQUEST("DELETE", path.data);
	return output_pretty(client, &request, err);
}

static int run_list(struct client *client, const struct api_options *o, int argc, char **argv,
		    struct sa_error *err)
{
	(void)o;
	(void)argc;
	(void)argv;
	struct request request = REQUEST("GET", "/v1/acp");
	return output_elements(client, &request, "servers", err);
}

const struct subverb acp_subverbs[] = {
    {"post", 0, 0, "", run_post},
    {"stream", 0, 0, "", run_stream},
    {"close", 0, 0, "", run_close},
    {"list", 0, 0, "", run_list},
    {.name = NULL},
};
