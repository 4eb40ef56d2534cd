#include "output.h"

#include "pretty.h"
#include "sse.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>

int output_check(const struct answer *answer, struct span *ret_json, struct sa_error *err)
{
	size_t bad;
	*ret_json = span_trim(buf_span(&answer->body));
	if (json_check(*ret_json, &bad) == 0)
		return 0;
	return error_set(err, PROBLEM_STREAM_ERROR, "the server's answer is not JSON");
}

/* Other people's line ends inside of a value would break the line. */
static void print_line(struct span json)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	json_add_raw(&line, json);
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\n' || line.data[i] == '\r')
			line.data[i] = ' ';
	buf_addc(&line, '\n');
	fwrite(line.data, 1, line.len, stdout);
}

static int call(struct client *client, const struct request *request, bool is_pretty,
		struct sa_error *err)
{
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct span json;
	int rc = client_call(client, request, &answer, err);
	if (rc != 0 || answer.body.len == 0)
		return rc;
	if (output_check(&answer, &json, err) < 0)
		return -1;
	if (is_pretty)
		pretty_print(stdout, json);
	else
		print_line(json);
	return SA_EXIT_OK;
}

int output_pretty(struct client *client, const struct request *request, struct sa_error *err)
{
	return call(client, request, true, err);
}

int output_line(struct client *client, const struct request *request, struct sa_error *err)
{
	return call(client, request, false, err);
}

int output_elements(struct client *client, const struct request *request, const char *member,
		    struct sa_error *err)
{
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct span json, element;
	int rc = client_call(client, request, &answer, err);
	if (rc != 0)
		return rc;
	if (output_check(&answer, &json, err) < 0)
		return -1;
	if (member && json_type(json) == JSON_OBJECT)
		json = json_get(json, member);
	struct json_iter it = json_iter(json);
	while (json_next(&it, NULL, &element))
		print_line(element);
	return SA_EXIT_OK;
}

static int write_bytes(void *arg, struct span data)
{
	(void)arg;
	return fwrite(data.p, 1, data.n, stdout) == data.n && fflush(stdout) == 0 ? 0 : -1;
}

int output_bytes(struct client *client, struct request *request, struct sa_error *err)
{
	cleanup_answer struct answer answer = ANSWER_INIT;
	request->accept = "*/*";
	request->sink = write_bytes;
	return client_call(client, request, &answer, err);
}

static int print_event(void *arg, const struct sse_event *event)
{
	size_t bad;
	(void)arg;
	if (json_check(event->data, &bad) == 0)
		print_line(event->data);
	else
		printf("%.*s\n", SPAN_ARG(event->data));
	/* Whoever reads this wants it now. */
	return fflush(stdout) == 0 ? 0 : 1;
}

static int feed(void *arg, struct span data)
{
	return sse_feed(arg, data);
}

int output_events(struct client *client, struct request *request, struct sa_error *err)
{
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct sse_reader reader;
	sse_init(&reader, print_event, NULL);
	request->accept = "text/event-stream";
	request->sink = feed;
	request->sink_arg = &reader;
	int rc = client_call(client, request, &answer, err);
	sse_free(&reader);
	return rc;
}
