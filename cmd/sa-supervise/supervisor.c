#include "supervisor.h"

#include "agent/rundir.h"
#include "agent_io.h"
#include "asks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "batch.h"
#include "calls.h"
#include "cancel.h"
#include "clients.h"
#include "hook.h"
#include "host.h"
#include "judge.h"
#include "life.h"
#include "os/cgroup.h"
#include "prompts.h"
#include "ready.h"
#include "sessions.h"
#include "json/write.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SOFT_COMMIT_MS = 2,	 /* how long a client's message waits for the agent's answer */
	FINAL_COMMIT_MS = 30000, /* how long the end is put off by a store that refuses */
	RUN_NAME_LENGTH = 12,
};

/* The agent's folder, as it is named from anywhere: sessions without one of their own are in it,
 * and a resume may be started elsewhere. */
static char *whole_cwd(const char *cwd)
{
	char *path = realpath(cwd ? cwd : ".", NULL);
	return path ? path : xstrdup(cwd ? cwd : "/");
}

/* Everything the row of this server says about us. */
static int fill_server(struct supervisor *sv, struct sa_error *err)
{
	cleanup_free char *name = ident_random(RUN_NAME_LENGTH);
	cleanup_free char *cgroup_name = xasprintf("sa-%s", name);
	struct buf command = BUF_INIT(BUF_MAX_OWN);
	json_add_words(&command, sv->options->argv);
	sv->server = (struct server){
	    .id = xstrdup(sv->options->server_id),
	    .agent = xstrdup(sv->options->agent),
	    .uid = xstrdup(sv->options->server_uid),
	    .credentials = xstrdup(sv->options->credentials),
	    .cwd = whole_cwd(sv->options->cwd),
	    .command_json = buf_take(&command),
	    .settings_json = judge_settings(sv),
	    .socket_dir = rundir_make(name, err),
	};
	procid_boot_id(sv->server.boot_id);
	if (!sv->server.socket_dir)
		return -1;
	if (!procid_of(getpid(), &sv->server.supervisor))
		return error_set(err, PROBLEM_FAILED, "/proc is not readable");
	sv->server.cgroup = cgroup_create(cgroup_name);
	return 0;
}

static int begin(struct supervisor *sv, struct sa_error *err)
{
	if (judge_init(sv, err) < 0 || fill_server(sv, err) < 0)
		return -1;
	sv->store = store_open(err);
	if (!sv->store || store_claim_server(sv->store, &sv->server, err) < 0)
		return -1;
	if (sessions_load(sv, err) < 0 || prompts_load(sv, err) < 0 || clients_listen(sv, err) < 0)
		return -1;
	return life_start(sv, err);
}

/* When the loop has to wake without anything happening outside. */
static int wait_ms(const struct supervisor *sv)
{
	int64_t at = life_next_deadline(sv);
	int64_t due = judge_next_deadline(sv);
	if (due < at)
		at = due;
	due = hook_next_deadline(sv);
	if (due < at)
		at = due;
	if (sv->store_tick_at < at)
		at = sv->store_tick_at;
	if (sv->store_retry_at && sv->store_retry_at < at)
		at = sv->store_retry_at;
	int ms = deadline_poll_ms(at);
	if (!batch_is_empty(sv) && !sv->store_problem && (ms < 0 || ms > SOFT_COMMIT_MS))
		ms = SOFT_COMMIT_MS;
	return ms;
}

static void tick_store(struct supervisor *sv)
{
	struct sa_error ignored;
	if (clock_monotonic_ms() >= sv->store_tick_at)
		store_tick(sv->store, &sv->store_tick_at, &ignored);
}

static void run(struct supervisor *sv)
{
	while (sv->life != LIFE_OVER) {
		bool had_batch = !batch_is_empty(sv);
		if (loop_once(&sv->loop, wait_ms(sv)) < 0)
			break;
		life_tick(sv);
		judge_tick(sv);
		if (had_batch || batch_is_urgent(sv) || sv->store_problem)
			batch_flush(sv);
		hook_tick(sv);
		tick_store(sv);
		clients_settle(sv);
		agent_io_settle(sv);
	}
}

/* The last rows, and the last words to whoever listens. */
static void finish(struct supervisor *sv)
{
	int64_t deadline = deadline_after(FINAL_COMMIT_MS);
	sv->server.state = sv->is_closing ? SERVER_CLOSED : SERVER_ENDED;
	sv->server.supervisor = sv->server.agent_process = (struct procid){0, 0};
	sv->server.end_reason = xstrdup(sv->end_reason);
	while (!batch_flush(sv) && deadline_poll_ms(deadline) > 0)
		poll(NULL, 0, STORE_RETRY_MS);
	struct sa_error err = SA_ERROR_INIT;
	struct store_batch last = {.server = &sv->server};
	if (store_commit(sv->store, &last, &err) < 0)
		fprintf(stderr, "sa-supervise: %s\n", err.message);
	clients_tell_stopped(sv);
	clients_close_all(sv, sv->end_reason ? sv->end_reason : "ended");
}

static void free_all(struct supervisor *sv)
{
	cgroup_destroy(sv->server.cgroup);
	rundir_remove(sv->server.socket_dir);
	agent_io_free(sv);
	prompts_free(sv);
	host_free(sv);
	calls_free(sv);
	asks_free(sv);
	judge_free(sv);
	sessions_free(sv);
	batch_free(sv->batch);
	store_close(sv->store);
	server_clear(&sv->server);
	loop_free(&sv->loop);
	free(sv->end_reason);
	free(sv->store_problem);
}

int supervisor_run(const struct supervisor_options *options, struct sa_error *err)
{
	struct supervisor sv = {
	    .options = options,
	    .ready_fd = options->ready_fd,
	    .ward = WARD_INIT,
	    .agent_in = WATCH_INIT,
	    .agent_out = WATCH_INIT,
	    .agent_err = WATCH_INIT,
	    .listener = WATCH_INIT,
	    .spare_fd = -1,
	    .idle_since = clock_monotonic_ms(),
	    .last_byte_ms = clock_monotonic_ms(),
	};
	if (loop_init(&sv.loop) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make an epoll descriptor");
	sv.batch = batch_new();
	if (life_prepare(&sv, err) < 0 || begin(&sv, err) < 0) {
		ready_tell(&sv, err);
		free_all(&sv);
		return -1;
	}
	run(&sv);
	finish(&sv);
	free_all(&sv);
	cancel_restart(&sv);
	return SA_EXIT_OK;
}
