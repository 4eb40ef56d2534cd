#include "helper.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "gate.h"
#include "os/io.h"
#include "os/sock.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ALLOWED = 0, REJECTED = 2 };
/* An answer, bytes; and how long the adapter may take to say that there is none, ms. */
enum { ANSWER_BYTES = 4096, LAST_MS = 1000 };

#define LATE                                                                                       \
	"The user was asked whether this call is allowed and has not answered yet. Make no other " \
	"tool call and end your turn now; you will be told what the user decides."

bool helper_is(const char *name)
{
	const char *slash = name ? strrchr(name, '/') : NULL;
	return slash && slash != name && strcmp(slash + 1, GATE_HELPER) == 0;
}

static int reject(struct span why)
{
	io_write_all(STDERR_FILENO, why);
	return REJECTED;
}

/* {"id":..,"tool":..,"input":..} and a newline. 0, or -1. */
static int write_question(struct buf *line)
{
	cleanup_buf struct buf input = BUF_INIT(GATE_LINE_BYTES / 2);
	struct sa_error ignored;
	size_t bad_offset;
	if (io_read_all(STDIN_FILENO, &input, "the call", &ignored) < 0 ||
	    json_check(buf_span(&input), &bad_offset) < 0)
		return -1;
	const char *id = getenv("AGENT_TOOL_USE_ID"), *tool = getenv("AGENT_TOOL_NAME");
	json_open(line, '{');
	json_kv_string(line, "id", id ? id : "");
	json_kv_string(line, "tool", tool ? tool : "");
	json_key(line, "input");
	json_add_raw_line(line, span_trim(buf_span(&input)));
	json_close(line, '}');
	buf_addc(line, '\n');
	return line->is_overflowed ? -1 : 0;
}

/* Read up to a newline or the end, or until the deadline. Is there a whole line? */
static bool read_line(int fd, struct buf *line, int64_t deadline)
{
	for (;;) {
		struct pollfd ready = {fd, POLLIN, 0};
		if (line->len && memchr(line->data, '\n', line->len))
			return true;
		int rc = poll(&ready, 1, deadline_poll_ms(deadline));
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0 || io_read_some(fd, line, ANSWER_BYTES) <= 0)
			return false;
	}
}

static int64_t wait_ms(void)
{
	int64_t ms = HELPER_WAIT_MS;
	const char *text = getenv("SA_ACP_AMP_WAIT_MS");
	if (text && *text)
		num_parse_i64(span_of(text), 0, HELPER_WAIT_MAX_MS, &ms);
	return ms;
}

/*
 * The time is over: say so by closing our half. The adapter then either has
 * answered already, or closes and knows that its answer has to go another way.
 */
static bool wait_for_answer(int fd, struct buf *answer)
{
	if (read_line(fd, answer, deadline_after(wait_ms())))
		return true;
	shutdown(fd, SHUT_WR);
	return read_line(fd, answer, deadline_after(LAST_MS));
}

int helper_run(const char *name)
{
	cleanup_free char *folder = xmemdup0(name, (size_t)(strrchr(name, '/') - name));
	cleanup_buf struct buf line = BUF_INIT(GATE_LINE_BYTES);
	cleanup_buf struct buf answer = BUF_INIT(ANSWER_BYTES * 2);
	struct sa_error err = SA_ERROR_INIT;
	if (write_question(&line) < 0)
		return reject(SPAN_LIT("The call cannot be shown to the user."));
	cleanup_close int fd = sock_connect(folder, GATE_SOCKET, &err);
	if (fd < 0 || io_write_all(fd, buf_span(&line)) < 0)
		return reject(SPAN_LIT("There is nobody who could be asked."));
	if (!wait_for_answer(fd, &answer))
		return reject(SPAN_LIT(LATE));
	struct span text = span_trim(buf_span(&answer));
	return span_is(text, GATE_ALLOW) ? ALLOWED : reject(text);
}
