#include "hook.h"

#include "agent/rundir.h"
#include "agent_io.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "batch.h"
#include "cli/words.h"
#include "os/guard.h"
#include "os/io.h"
#include "policy/answer.h"
#include "settle.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_BYTES = 4096, WORDS_SHOWN = 300 };

struct hook {
	struct supervisor *sv;
	struct hook *next;
	int64_t ask_index; /* of the request's event */
	struct buf line;   /* what the program reads */
	bool is_running;
	int64_t deadline; /* monotonic */
	struct watch guard, out, err;
	struct buf decision;
	struct buf words; /* the end of its standard error */
	bool is_too_long;
};

struct hooks {
	char **argv; /* NULL: none */
	char *command;
	bool is_by_option;
	int64_t timeout_ms;
	struct hook *first; /* oldest first */
	size_t running;
};

/* --- coming and going ----------------------------------------------------------------------- */

/* Whatever of it runs ends with its guard's control descriptor. */
static void drop(struct hook *h)
{
	struct supervisor *sv = h->sv;
	struct hook **at = &sv->hooks->first;
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	sv->hooks->running -= h->is_running;
	loop_close(&sv->loop, &h->guard);
	loop_close(&sv->loop, &h->out);
	loop_close(&sv->loop, &h->err);
	buf_free(&h->line);
	buf_free(&h->decision);
	buf_free(&h->words);
	free(h);
}

static struct ask_track *ask_of(const struct hook *h)
{
	for (struct ask_track *ask = h->sv->asks; ask; ask = ask->next)
		if (ask->record.index == h->ask_index && ask->record.state == ASK_OPEN)
			return ask;
	return NULL;
}

/* It has nothing to say: people decide, and what counts while nobody is attached counts now. */
static void leave_to_people(struct hook *h)
{
	struct ask_track *ask = ask_of(h);
	if (ask)
		ask->is_hooked = false;
	drop(h);
}

static void fail(struct hook *h, const char *reason)
{
	struct supervisor *sv = h->sv;
	const struct ask_track *ask = ask_of(h);
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (ask) {
		buf_adds(&b, "{\"requestId\":\"");
		event_id_add(&b, sv->server.uid, h->ask_index);
		buf_addc(&b, '"');
		if (ask->session)
			json_kv_string(&b, "sessionId", ask->session->record.agent_session_id);
		json_kv_string(&b, "method", ask->record.method);
		json_kv_string(&b, "reason", reason);
		json_close(&b, '}');
		batch_add_notice(sv, ask->session, "_adapter/hook_failed", buf_span(&b));
	}
	leave_to_people(h);
}

/* --- what it says ----------------------------------------------------------------------------- */

/* Read what there is. */
static void on_output(void *arg, uint32_t events)
{
	struct hook *h = arg;
	char chunk[4096];
	ssize_t n;
	(void)events;
	while (h->out.fd >= 0 && (n = read(h->out.fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		if (h->decision.len + (size_t)n > HOOK_OUTPUT_BYTES)
			h->is_too_long = true;
		else
			buf_add(&h->decision, chunk, (size_t)n);
	}
	loop_close(&h->sv->loop, &h->out);
}

static void on_words(void *arg, uint32_t events)
{
	struct hook *h = arg;
	char chunk[WORDS_BYTES / 2];
	ssize_t n;
	(void)events;
	while (h->err.fd >= 0 && (n = read(h->err.fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		if (h->words.len + (size_t)n > WORDS_BYTES)
			buf_consume(&h->words, h->words.len + (size_t)n - WORDS_BYTES);
		buf_add(&h->words, chunk, (size_t)n);
	}
	loop_close(&h->sv->loop, &h->err);
}

static void fail_with_status(struct hook *h, int status)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct span words = span_trim(buf_span(&h->words));
	if (WIFSIGNALED(status))
		buf_addf(&b, "killed by signal %d", WTERMSIG(status));
	else
		buf_addf(&b, "exited with status %d", WEXITSTATUS(status));
	if (words.n > WORDS_SHOWN)
		words = (struct span){words.p + words.n - WORDS_SHOWN, WORDS_SHOWN};
	if (words.n) {
		buf_adds(&b, ": ");
		utf8_add_repaired(&b, words);
	}
	fail(h, b.data);
}

/* Its decision is there. */
static void decide(struct hook *h, struct ask_track *ask)
{
	struct sa_error err = SA_ERROR_INIT;
	struct span text = span_trim(buf_span(&h->decision));
	struct answer answer;
	cleanup_buf struct buf member = BUF_INIT(BUF_MAX_OWN);
	if (h->is_too_long || json_check(text, NULL) < 0 || json_type(text) != JSON_OBJECT) {
		fail(h, "it did not print one JSON object");
		return;
	}
	answer_read(text, &answer);
	if (agent_io_refuses(h->sv, &err)) {
		drop(h); /* nobody can hear it any more */
		return;
	}
	if (json_string_is(answer.word, "ask")) {
		leave_to_people(h);
		return;
	}
	if (answer_add(&member, &answer, json_get(buf_span(&h->line), "payload"), &err) < 0) {
		fail(h, err.message);
		return;
	}
	cleanup_free char *reason = json_string_dup(answer.reason);
	settle_by_us(h->sv, ask, ASK_ANSWERED, member.data, "hook", reason);
	drop(h);
}

static void conclude(struct hook *h, int status)
{
	struct ask_track *ask = ask_of(h);
	on_output(h, 0);
	on_words(h, 0);
	if (!ask)
		drop(h);
	else if (status != 0)
		fail_with_status(h, status);
	else if (span_trim(buf_span(&h->decision)).n == 0)
		leave_to_people(h);
	else
		decide(h, ask);
}

static void on_guard(void *arg, uint32_t events)
{
	struct hook *h = arg;
	struct guard_message message;
	int rc;
	(void)events;
	while ((rc = guard_receive(h->guard.fd, &message)) > 0) {
		if (message.type == GUARD_FAILED) {
			fail(h, message.text);
			return;
		}
		if (message.type == GUARD_EXITED) {
			conclude(h, message.number);
			return;
		}
	}
	if (rc < 0)
		fail(h, "it was killed");
}

/* --- starting it ------------------------------------------------------------------------------ */

/* A file in memory that holds the line: nobody has to wait until it is read. -1 with errno. */
static int input_of(const struct hook *h)
{
	cleanup_close int fd = memfd_create("request", MFD_CLOEXEC);
	if (fd < 0 || io_write_all(fd, buf_span(&h->line)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return TAKE_FD(fd);
}

static int start(struct hook *h, struct sa_error *err)
{
	struct supervisor *sv = h->sv;
	struct span cwd_json = json_get(buf_span(&h->line), "cwd");
	cleanup_free char *cwd = json_string_dup(cwd_json);
	cleanup_close int input = input_of(h);
	int out[2], words[2];
	pid_t pid;
	if (input < 0 || pipe2(out, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	cleanup_close int out_read = out[0], out_write = out[1];
	if (pipe2(words, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	cleanup_close int words_read = words[0], words_write = words[1];
	io_set_nonblocking(out_read);
	io_set_nonblocking(words_read);
	const struct guard_plan plan = {
	    .argv = sv->hooks->argv,
	    .cwd = cwd,
	    .tag_name = SERVER_TAG,
	    .stdin_fd = input,
	    .stdout_fd = out_write,
	    .stderr_fd = words_write,
	};
	cleanup_close int control = guard_fork(&plan, &pid, err);
	if (control < 0)
		return -1;
	if (guard_start(control, sv->server.uid, NULL, err) < 0)
		return -1;
	if (loop_watch(&sv->loop, &h->out, out_read, EPOLLIN, on_output, h) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch it");
	out_read = -1;
	if (loop_watch(&sv->loop, &h->err, words_read, EPOLLIN, on_words, h) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch it");
	words_read = -1;
	if (loop_watch(&sv->loop, &h->guard, control, EPOLLIN, on_guard, h) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "watch it");
	control = -1;
	return 0;
}

static void begin(struct hook *h)
{
	struct sa_error err = SA_ERROR_INIT;
	struct hooks *hooks = h->sv->hooks;
	h->is_running = true;
	h->deadline = hooks->timeout_ms > 0 ? deadline_after(hooks->timeout_ms) : DEADLINE_NEVER;
	hooks->running++;
	if (start(h, &err) < 0)
		fail(h, err.message);
}

void hook_tick(struct supervisor *sv)
{
	struct hooks *hooks = sv->hooks;
	int64_t now = hooks->first ? clock_monotonic_ms() : 0;
	for (struct hook *h = hooks->first, *next; h; h = next) {
		const struct ask_track *ask = ask_of(h);
		next = h->next;
		if (!ask) {
			drop(h);
		} else if (h->is_running && h->deadline <= now) {
			cleanup_free char *reason =
			    xasprintf("no decision in %lld ms", (long long)hooks->timeout_ms);
			fail(h, reason);
		} else if (!h->is_running && !ask->is_dirty && hooks->running < HOOKS_MAX) {
			begin(h);
		}
	}
}

int64_t hook_next_deadline(const struct supervisor *sv)
{
	int64_t at = DEADLINE_NEVER;
	for (const struct hook *h = sv->hooks->first; h; h = h->next)
		if (h->is_running && h->deadline < at)
			at = h->deadline;
	return at;
}

/* The record of the request, as "sa-session pending" prints it, and where it is about. */
static void add_line(struct supervisor *sv, const struct ask_track *ask, struct span request,
		     struct buf *line)
{
	const struct session_track *t = ask->session;
	ask_add_json(line, &ask->record, &sv->server, request);
	line->len -= 2; /* "}\n" */
	json_kv_string(line, "cwd", t && t->record.cwd ? t->record.cwd : sv->server.cwd);
	buf_adds(line, "}\n");
}

void hook_ask(struct supervisor *sv, struct ask_track *ask, struct span request)
{
	struct hook **end = &sv->hooks->first;
	if (!sv->hooks->argv)
		return;
	while (*end)
		end = &(*end)->next;
	struct hook *h = *end = xcalloc(1, sizeof(*h));
	*h = (struct hook){
	    .sv = sv,
	    .ask_index = ask->record.index,
	    .line = BUF_INIT(BUF_MAX_OWN),
	    .guard = WATCH_INIT,
	    .out = WATCH_INIT,
	    .err = WATCH_INIT,
	    .decision = BUF_INIT(HOOK_OUTPUT_BYTES),
	    .words = BUF_INIT(WORDS_BYTES),
	};
	add_line(sv, ask, request, &h->line);
	ask->is_hooked = true;
}

/* --- the beginning and the end ---------------------------------------------------------------- */

int hook_init(struct supervisor *sv, struct sa_error *err)
{
	const struct supervisor_options *o = sv->options;
	const char *general = getenv("SANDBOX_AGENT_ON_ASK");
	const char *text = o->on_ask ? o->on_ask : general;
	struct hooks *hooks = sv->hooks = xcalloc(1, sizeof(*hooks));
	hooks->is_by_option = o->on_ask != NULL;
	hooks->timeout_ms = o->on_ask_timeout_ms < 0 ? HOOK_TIMEOUT_MS : o->on_ask_timeout_ms;
	if (!text || !*text || strcmp(text, "off") == 0) {
		hooks->command = xstrdup(text);
		return 0;
	}
	hooks->argv = words_of_command(text, err);
	if (!hooks->argv)
		return error_prefix(err, "--on-ask");
	hooks->command = words_join(hooks->argv);
	return 0;
}

const char *hook_command(const struct supervisor *sv)
{
	return sv->hooks->is_by_option ? sv->hooks->command : NULL;
}

void hook_free(struct supervisor *sv)
{
	if (!sv->hooks)
		return;
	while (sv->hooks->first)
		drop(sv->hooks->first);
	words_free(sv->hooks->argv);
	free(sv->hooks->command);
	free(sv->hooks);
	sv->hooks = NULL;
}
