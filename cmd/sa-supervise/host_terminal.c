/* terminal/...: managed processes of the agent. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "host.h"
#include "host_command.h"
#include "os/io.h"
#include "process/folder.h"
#include "process/launch.h"
#include "process/link.h"
#include "process/log.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READY_LINE_BYTES = 1 << 20 };

struct waiter {
	char *id; /* of the request, JSON */
	struct waiter *next;
};

struct terminal {
	struct supervisor *sv;
	struct terminal *next;
	const struct session_track *session;
	char *id;	 /* of the process; NULL: it is being started */
	char *create_id; /* of terminal/create, JSON */
	struct watch ready;
	struct buf ready_line;
	struct watch link; /* its end is the process's */
	int bound_fd;	   /* while it is open the process may live */
	uint64_t output_bytes;
	struct waiter *waiters;
	bool is_released;
	bool has_ended;
	struct process process; /* its record, once it has ended */
};

struct host {
	struct folder folder;
	struct terminal *terminals;
	size_t terminal_count;
	size_t waiter_count;
};

/* --- coming and going ----------------------------------------------------------------------- */

static void drop(struct terminal *t)
{
	struct host *host = t->sv->host;
	struct terminal **p = &host->terminals;
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	host->terminal_count--;
	loop_close(&t->sv->loop, &t->ready);
	loop_close(&t->sv->loop, &t->link);
	if (t->bound_fd >= 0)
		close(t->bound_fd);
	while (t->waiters) {
		struct waiter *w = t->waiters;
		t->waiters = w->next;
		host->waiter_count--;
		free(w->id);
		free(w);
	}
	buf_free(&t->ready_line);
	process_clear(&t->process);
	free(t->id);
	free(t->create_id);
	free(t);
}

static void add_exit(struct buf *b, const struct process *process)
{
	json_key(b, "exitCode");
	if (process->has_exit_code)
		json_add_int(b, process->exit_code);
	else
		json_add_null(b);
	json_key(b, "signal");
	if (process->end_signal)
		json_add_string(b, span_of(process_signal_name(process->end_signal)));
	else
		json_add_null(b);
}

static void answer_waiters(struct terminal *t)
{
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	json_open(&result, '{');
	add_exit(&result, &t->process);
	json_close(&result, '}');
	while (t->waiters) {
		struct waiter *w = t->waiters;
		t->waiters = w->next;
		t->sv->host->waiter_count--;
		host_result(t->sv, t->session, "terminal/wait_for_exit", span_of(w->id),
			    buf_span(&result));
		free(w->id);
		free(w);
	}
}

static void end(struct terminal *t)
{
	struct sa_error ignored = SA_ERROR_INIT;
	loop_close(&t->sv->loop, &t->link);
	t->has_ended = true;
	process_clear(&t->process);
	folder_read(&t->sv->host->folder, t->id, &t->process, &ignored);
	answer_waiters(t);
	if (!t->is_released)
		return;
	folder_remove(&t->sv->host->folder, t->id, &ignored);
	drop(t);
}

static void on_link(void *arg, uint32_t events)
{
	struct terminal *t = arg;
	int rc = process_link_take_wakes(t->link.fd);
	(void)events;
	if (rc == 0 || (rc < 0 && errno != EAGAIN))
		end(t);
}

static void kill_it(const struct terminal *t)
{
	if (t->link.fd >= 0)
		process_link_send(t->link.fd, SPAN_LIT("{\"op\":\"kill\"}\n"));
}

/* It ends, and then nothing of it is left. */
static void release(struct terminal *t)
{
	struct sa_error ignored = SA_ERROR_INIT;
	t->is_released = true;
	kill_it(t);
	if (!t->has_ended)
		return;
	folder_remove(&t->sv->host->folder, t->id, &ignored);
	drop(t);
}

/* --- create --------------------------------------------------------------------------------- */

static void on_ready(void *arg, uint32_t events)
{
	struct terminal *t = arg;
	struct supervisor *sv = t->sv;
	struct sa_error err = SA_ERROR_INIT;
	cleanup_process struct process process = {.id = NULL};
	(void)events;
	ssize_t n = io_read_some(t->ready.fd, &t->ready_line, 4096);
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return;
	loop_close(&sv->loop, &t->ready);
	if (process_launch_result(buf_span(&t->ready_line), &process, &err) < 0) {
		host_problem(sv, t->session, "terminal/create", span_of(t->create_id), &err);
		drop(t);
		return;
	}
	t->id = TAKE_PTR(process.id);
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	json_open(&result, '{');
	json_kv_string(&result, "terminalId", t->id);
	json_close(&result, '}');
	host_result(sv, t->session, "terminal/create", span_of(t->create_id), buf_span(&result));
	int fd = process_link_open(&sv->host->folder, t->id, &err);
	if (fd >= 0)
		io_set_nonblocking(fd);
	if (fd < 0 || loop_watch(&sv->loop, &t->link, fd, EPOLLIN, on_link, t) < 0) {
		if (fd >= 0)
			close(fd);
		end(t); /* it was quick */
	} else if (t->is_released) {
		kill_it(t); /* its session is over already */
	}
}

static struct terminal *add_terminal(struct supervisor *sv, const struct session_track *session,
				     struct span id, int ready_fd, int bound_fd)
{
	struct terminal *t = xcalloc(1, sizeof(*t));
	*t = (struct terminal){
	    .sv = sv,
	    .next = sv->host->terminals,
	    .session = session,
	    .create_id = xmemdup0(id.p, id.n),
	    .ready = WATCH_INIT,
	    .ready_line = BUF_INIT(READY_LINE_BYTES),
	    .link = WATCH_INIT,
	    .bound_fd = bound_fd,
	};
	sv->host->terminals = t;
	sv->host->terminal_count++;
	io_set_nonblocking(ready_fd);
	if (loop_watch(&sv->loop, &t->ready, ready_fd, EPOLLIN, on_ready, t) < 0)
		close(ready_fd);
	return t;
}

static int create(struct supervisor *sv, const struct envelope *request,
		  const struct session_track *session, struct sa_error *err)
{
	cleanup_host_command struct host_command command = {.cwd = NULL};
	int64_t limit = HOST_OUTPUT_BYTES;
	int bound[2], ready;
	if (host_number(request->params, "outputByteLimit", &limit, err) < 0)
		return -1;
	if (sv->host->terminal_count >= HOST_TERMINALS_MAX)
		return error_set(err, PROBLEM_CONFLICT, "%d terminals are open already",
				 HOST_TERMINALS_MAX);
	if (host_command_read(sv, host_root(sv, session), request->params, &command, err) < 0)
		return -1;
	if (pipe2(bound, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	struct process_launch launch = PROCESS_LAUNCH_INIT;
	launch.argv = command.argv.items;
	launch.cwd = command.cwd;
	launch.base_env = command.base_env;
	launch.env = (const char *const *)command.env.items;
	launch.env_count = command.env.count;
	launch.owner = OWNER_AGENT;
	launch.bound_fd = bound[0];
	int rc = process_launch_start(&launch, &ready, err);
	close(bound[0]);
	if (rc < 0) {
		close(bound[1]);
		return -1;
	}
	struct terminal *t = add_terminal(sv, session, request->id, ready, bound[1]);
	t->output_bytes = (uint64_t)(limit < HOST_OUTPUT_BYTES_MAX ? limit : HOST_OUTPUT_BYTES_MAX);
	return 0;
}

/* --- output --------------------------------------------------------------------------------- */

/* The last bytes of the log, from the start of a character on. */
static int read_output(struct terminal *t, struct buf *text, bool *ret_cut, struct sa_error *err)
{
	struct log_end log_end;
	struct log_entry entry;
	cleanup_close int dir = folder_open_process(&t->sv->host->folder, t->id, err);
	if (dir < 0 || log_find_end(dir, &log_end, err) < 0)
		return -1;
	uint64_t from = log_end.offset > t->output_bytes ? log_end.offset - t->output_bytes : 0;
	cleanup_log_reader struct log_reader reader;
	log_reader_init(&reader, dir, 0);
	*ret_cut = from > 0 || reader.next.offset > 0;
	int rc;
	while ((rc = log_reader_next(&reader, &entry, err)) == 1 &&
	       entry.sequence < log_end.next_sequence) {
		uint64_t skip = entry.offset < from ? from - entry.offset : 0;
		if (skip < entry.data.n)
			buf_add(text, entry.data.p + skip, entry.data.n - (size_t)skip);
	}
	size_t start = 0;
	while (*ret_cut && start < text->len && start < 3 &&
	       ((unsigned char)text->data[start] & 0xc0) == 0x80)
		start++;
	buf_consume(text, start);
	return rc < 0 ? -1 : 0;
}

static int output(struct terminal *t, struct span id, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN), result = BUF_INIT(BUF_MAX_OWN);
	bool is_cut;
	if (read_output(t, &text, &is_cut, err) < 0)
		return -1;
	json_open(&result, '{');
	json_kv_span(&result, "output", buf_span(&text));
	json_kv_bool(&result, "truncated", is_cut);
	if (t->has_ended) {
		json_key(&result, "exitStatus");
		json_open(&result, '{');
		add_exit(&result, &t->process);
		json_close(&result, '}');
	}
	json_close(&result, '}');
	host_result(t->sv, t->session, "terminal/output", id, buf_span(&result));
	return 0;
}

/* --- the requests ----------------------------------------------------------------------------- */

static struct terminal *find(const struct supervisor *sv, const struct session_track *session,
			     struct span params, struct sa_error *err)
{
	struct span id = json_get(params, "terminalId");
	for (struct terminal *t = sv->host->terminals; t; t = t->next)
		if (t->id && !t->is_released && t->session == session && json_string_is(id, t->id))
			return t;
	error_set(err, PROBLEM_NOT_FOUND, "no such terminal in this session");
	return NULL;
}

static int wait_for_exit(struct terminal *t, struct span id, struct sa_error *err)
{
	if (t->sv->host->waiter_count >= HOST_WAITERS_MAX)
		return error_set(err, PROBLEM_CONFLICT, "%d requests wait already",
				 HOST_WAITERS_MAX);
	struct waiter *w = xcalloc(1, sizeof(*w));
	*w = (struct waiter){xmemdup0(id.p, id.n), t->waiters};
	t->waiters = w;
	t->sv->host->waiter_count++;
	if (t->has_ended)
		answer_waiters(t);
	return 0;
}

static int on_terminal(struct terminal *t, const char *method, struct span id, struct sa_error *err)
{
	if (strcmp(method, "terminal/output") == 0)
		return output(t, id, err);
	if (strcmp(method, "terminal/wait_for_exit") == 0)
		return wait_for_exit(t, id, err);
	host_result(t->sv, t->session, method, id, SPAN_LIT("{}"));
	if (strcmp(method, "terminal/kill") == 0)
		kill_it(t);
	else
		release(t);
	return 0;
}

static bool is_known(const char *method)
{
	static const char *const known[] = {"terminal/create", "terminal/output",
					    "terminal/wait_for_exit", "terminal/kill",
					    "terminal/release"};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

static int open_host(struct supervisor *sv, struct sa_error *err)
{
	if (sv->host)
		return 0;
	struct folder folder;
	if (folder_open(&folder, err) < 0)
		return -1;
	sv->host = xcalloc(1, sizeof(*sv->host));
	sv->host->folder = folder;
	return 0;
}

void host_terminal(struct supervisor *sv, const struct envelope *request,
		   struct session_track *session)
{
	cleanup_free char *method = json_string_dup(request->method);
	struct sa_error err = SA_ERROR_INIT;
	int rc = open_host(sv, &err);
	if (rc == 0 && !is_known(method))
		rc = error_set(&err, PROBLEM_INVALID_REQUEST, "unknown method '%.100s'", method);
	if (rc == 0 && strcmp(method, "terminal/create") == 0) {
		rc = create(sv, request, session, &err);
	} else if (rc == 0) {
		struct terminal *t = find(sv, session, request->params, &err);
		rc = t ? on_terminal(t, method, request->id, &err) : -1;
	}
	if (rc < 0)
		host_problem(sv, session, method, request->id, &err);
}

void host_session_over(struct supervisor *sv, const struct session_track *session)
{
	for (struct terminal *t = sv->host ? sv->host->terminals : NULL, *next; t; t = next) {
		next = t->next;
		if (t->session == session)
			release(t);
	}
}

void host_end(struct supervisor *sv)
{
	for (struct terminal *t = sv->host ? sv->host->terminals : NULL; t; t = t->next)
		kill_it(t);
}

void host_free(struct supervisor *sv)
{
	if (!sv->host)
		return;
	/* What has not ended yet ends with its bound descriptor. */
	while (sv->host->terminals)
		drop(sv->host->terminals);
	folder_close(&sv->host->folder);
	free(sv->host);
	sv->host = NULL;
}
