/* api processes attach: a person at a process of the server, what "sa-process attach --endpoint"
 * becomes. A terminal is a WebSocket; of pipes the logs are followed. */
#include "base/base64.h"
#include "base/cleanup.h"
#include "cli/terminal.h"
#include "os/io.h"
#include "output.h"
#include "path.h"
#include "process/record.h"
#include "sse.h"
#include "verbs.h"
#include "websocket.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_KEY "\4"

enum {
	INPUT_BYTES = 16 * 1024,
	OUT_PAUSE_BYTES = 128 * 1024, /* above, our input waits for the connection */
	GOODBYE_MS = 2000,
	SIGNAL_BASE = 128,
	SIGNALS = 64,
};

struct attach {
	struct client *client;
	const char *id;
	int detach_key; /* a byte; -1: none */
	struct terminal terminal;
	struct websocket ws;
	int signals;
	bool is_input_over;
	bool is_detached;
	bool has_ended; /* the process */
	bool is_lost;	/* nobody reads our output */
	int status;	/* its */
};

/* --- how it ended --------------------------------------------------------------------- */

static int status_of(struct span record)
{
	cleanup_free char *name = json_string_dup(json_get(record, "signal"));
	for (int i = 1; name && i <= SIGNALS; i++)
		if (strcmp(name, process_signal_name(i)) == 0)
			return SIGNAL_BASE + i;
	return (int)json_int_or(json_get(record, "exitCode"), SA_EXIT_FAILED);
}

/* The process's record. 0 with *ret (borrowed from answer), or -1. */
static int get_record(struct attach *a, struct answer *answer, struct span *ret,
		      struct sa_error *err)
{
	cleanup_buf struct buf path = PATH_INIT;
	path_segment(&path, "/v1/processes/", a->id);
	struct request request = REQUEST("GET", path.data);
	if (client_send(a->client, &request, answer, err) < 0 || client_judge(answer, err) < 0)
		return -1;
	return output_check(answer, ret, err);
}

static int post_input(struct attach *a, struct span data, bool is_end, struct sa_error *err)
{
	cleanup_buf struct buf path = PATH_INIT, encoded = BUF_INIT(BUF_MAX_OWN),
			       body = BUF_INIT(BUF_MAX_OWN);
	cleanup_answer struct answer answer = ANSWER_INIT;
	base64_add(&encoded, data);
	json_open(&body, '{');
	json_kv_span(&body, "data", encoded.len ? buf_span(&encoded) : SPAN_LIT(""));
	json_kv_string(&body, "encoding", "base64");
	if (is_end)
		json_kv_bool(&body, "close", true);
	json_close(&body, '}');
	path_segment(&path, "/v1/processes/", a->id);
	buf_adds(&path, "/input");
	struct request request = REQUEST("POST", path.data);
	request.body = buf_span(&body);
	return client_send(a->client, &request, &answer, err) < 0 ? -1 : client_judge(&answer, err);
}

/* --- a terminal ------------------------------------------------------------------------- */

static void on_message(void *arg, bool is_text, struct span message)
{
	struct attach *a = arg;
	if (!is_text) {
		a->is_lost = a->is_lost || io_write_all(STDOUT_FILENO, message) < 0;
	} else if (json_string_is(json_get(message, "type"), "exit")) {
		a->has_ended = true;
		a->status = status_of(message);
	} else if (json_string_is(json_get(message, "type"), "error") && !a->is_input_over) {
		cleanup_free char *words = json_string_dup(json_get(message, "message"));
		fprintf(stderr, "sa-process attach: %s\r\n", words ? words : "");
	}
}

static void send_size(struct attach *a)
{
	char text[80];
	int cols, rows;
	if (!terminal_size(&a->terminal, &cols, &rows))
		return;
	int n = snprintf(text, sizeof(text), "{\"type\":\"resize\",\"cols\":%d,\"rows\":%d}", cols,
			 rows);
	websocket_send(&a->ws, (struct span){text, (size_t)n});
}

static void send_input(struct attach *a, struct span data)
{
	cleanup_buf struct buf encoded = BUF_INIT(BUF_MAX_OWN), frame = BUF_INIT(BUF_MAX_OWN);
	base64_add(&encoded, data);
	json_open(&frame, '{');
	json_kv_string(&frame, "type", "input");
	json_kv_span(&frame, "data", buf_span(&encoded));
	json_kv_string(&frame, "encoding", "base64");
	json_close(&frame, '}');
	websocket_send(&a->ws, buf_span(&frame));
}

static void take_input(struct attach *a)
{
	char data[INPUT_BYTES];
	ssize_t n = read(0, data, sizeof(data));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* Only its key ends a terminal's input. */
		a->is_input_over = true;
		send_input(a, SPAN_LIT(END_KEY));
		return;
	}
	char *key = a->terminal.is_raw && a->detach_key >= 0
			? memchr(data, a->detach_key, (size_t)n)
			: NULL;
	a->is_detached = key != NULL;
	if (key != data)
		send_input(a, (struct span){data, key ? (size_t)(key - data) : (size_t)n});
}

static void turn(struct attach *a)
{
	bool is_full = a->ws.out.len > OUT_PAUSE_BYTES, is_resized = false;
	struct pollfd p[3] = {
	    {.fd = a->is_input_over || is_full ? -1 : 0, .events = POLLIN},
	    {.fd = a->ws.link.fd, .events = (short)(POLLIN | (a->ws.out.len ? POLLOUT : 0))},
	    {.fd = a->signals, .events = POLLIN},
	};
	if (poll(p, 3, -1) < 0)
		return;
	if (p[2].revents)
		terminal_take_signals(a->signals, &is_resized, &a->is_detached);
	if (is_resized)
		send_size(a);
	if (p[1].revents)
		websocket_turn(&a->ws);
	if (p[0].revents && !a->has_ended)
		take_input(a);
}

/* The closing handshake, as far as the server takes part in time. */
static void say_goodbye(struct attach *a)
{
	websocket_send(&a->ws, SPAN_LIT("{\"type\":\"close\"}"));
	struct pollfd p = {.fd = a->ws.link.fd, .events = POLLIN};
	while (!a->ws.is_gone && poll(&p, 1, GOODBYE_MS) > 0)
		websocket_turn(&a->ws);
}

static int attach_terminal(struct attach *a, const char *scrollback, struct sa_error *err)
{
	cleanup_buf struct buf path = PATH_INIT;
	path_segment(&path, "/v1/processes/", a->id);
	buf_adds(&path, "/terminal/ws");
	path_query(&path, "scrollback", scrollback);
	if (websocket_open(&a->ws, a->client, path.data, on_message, a, err) < 0)
		return -1;
	terminal_make_raw(&a->terminal);
	a->signals = terminal_watch_signals();
	send_size(a);
	websocket_turn(&a->ws);
	while (!a->has_ended && !a->is_detached && !a->is_lost && !a->ws.is_gone)
		turn(a);
	if (a->is_detached)
		say_goodbye(a);
	if (a->terminal.is_raw && a->is_detached)
		fprintf(stderr, "\r\n[detached; back with 'sa-process attach %s']\r\n", a->id);
	terminal_restore(&a->terminal);
	close(a->signals);
	websocket_close(&a->ws);
	if (a->has_ended || a->is_detached)
		return a->has_ended ? a->status : SA_EXIT_OK;
	if (a->is_lost)
		return error_set_errno(err, PROBLEM_FAILED, EPIPE, "write standard output");
	return error_set(err, PROBLEM_STREAM_ERROR, "%s: the connection is lost; '%s' goes on",
			 a->client->endpoint, a->id);
}

/* --- pipes ---------------------------------------------------------------------------------- */

static int print_entry(void *arg, const struct sse_event *event)
{
	cleanup_buf struct buf bytes = BUF_INIT(BUF_MAX_OWN);
	struct span data = json_string_plain(json_get(event->data, "data"));
	bool is_error = json_string_is(json_get(event->data, "stream"), "stderr");
	(void)arg;
	if (!data.p || base64_decode(&bytes, data) < 0)
		return 0;
	return io_write_all(is_error ? STDERR_FILENO : STDOUT_FILENO, buf_span(&bytes)) < 0;
}

static int feed(void *arg, struct span data)
{
	return sse_feed(arg, data);
}

/* In a process of its own: our input to its end. */
static _Noreturn void pass_input(struct attach *a)
{
	struct sa_error ignored = SA_ERROR_INIT;
	char data[INPUT_BYTES];
	ssize_t n;
	while ((n = read(0, data, sizeof(data))) > 0 &&
	       post_input(a, (struct span){data, (size_t)n}, false, &ignored) == 0)
		continue;
	if (n == 0)
		post_input(a, SPAN_LIT(""), true, &ignored);
	_exit(0);
}

static int attach_pipes(struct attach *a, struct sa_error *err)
{
	cleanup_buf struct buf path = PATH_INIT;
	cleanup_answer struct answer answer = ANSWER_INIT, last = ANSWER_INIT;
	struct sse_reader reader;
	struct span record;
	path_segment(&path, "/v1/processes/", a->id);
	buf_adds(&path, "/logs?follow=true");
	struct request request = REQUEST("GET", path.data);
	request.accept = "text/event-stream";
	request.sink = feed;
	request.sink_arg = &reader;
	pid_t input = fork();
	if (input == 0)
		pass_input(a);
	sse_init(&reader, print_entry, NULL);
	int rc = client_send(a->client, &request, &answer, err);
	if (rc == 0)
		rc = client_judge(&answer, err);
	sse_free(&reader);
	if (input > 0) {
		kill(input, SIGTERM);
		waitpid(input, NULL, 0);
	}
	if (rc < 0 || get_record(a, &last, &record, err) < 0)
		return -1;
	if (json_string_is(json_get(record, "status"), "exited"))
		return status_of(record);
	return error_set(err, PROBLEM_STREAM_ERROR, "%s: the connection is lost; '%s' goes on",
			 a->client->endpoint, a->id);
}

int attach_run(struct client *client, const struct api_options *o, int argc, char **argv,
	       struct sa_error *err)
{
	struct attach a = {.client = client, .id = argv[0], .signals = -1};
	cleanup_answer struct answer answer = ANSWER_INIT;
	struct span record;
	(void)argc;
	if (terminal_parse_key(o->detach_key ? o->detach_key : "^]", &a.detach_key, err) < 0 ||
	    get_record(&a, &answer, &record, err) < 0)
		return -1;
	if (json_bool_or(json_get(record, "tty"), false))
		return attach_terminal(&a, o->scrollback, err);
	return attach_pipes(&a, err);
}
