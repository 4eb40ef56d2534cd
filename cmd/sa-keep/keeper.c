#include "keeper.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "child.h"
#include "clients.h"
#include "life.h"
#include "os/cgroup.h"
#include "os/io.h"
#include "json/problem.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { TAG_LENGTH = 16 };

void keeper_tell_ready(struct keeper *k, const struct sa_error *problem)
{
	if (k->ready_fd < 0)
		return;
	struct buf b = BUF_INIT(BUF_MAX_OWN), status = BUF_INIT(BUF_MAX_OWN);
	if (problem) {
		json_add_problem(&b, 0, problem);
	} else {
		process_add_status(&status, &k->process);
		json_open(&b, '{');
		json_kv_string(&b, "type", "ready");
		json_kv_raw(&b, "process", span_trim(buf_span(&status)));
		buf_adds(&b, "}\n");
	}
	io_write_all(k->ready_fd, buf_span(&b));
	buf_free(&b);
	buf_free(&status);
	close(k->ready_fd);
	k->ready_fd = -1;
}

static int fill_record(struct keeper *k, struct sa_error *err)
{
	const struct keeper_options *o = k->options;
	struct process *p = &k->process;
	struct buf args = BUF_INIT(BUF_MAX_OWN);
	json_add_words(&args, o->argv + 1);
	*p = (struct process){
	    .id = p->id,
	    .command = xstrdup(o->argv[0]),
	    .args_json = buf_take(&args),
	    .cwd = xstrdup(o->cwd),
	    .is_tty = o->is_tty,
	    .is_interactive = o->is_interactive,
	    .owner = o->owner,
	    .created_ms = clock_now_ms(),
	    .limits = o->limits,
	    .tag = ident_random(TAG_LENGTH),
	    .log_limit_bytes = p->log_limit_bytes,
	};
	procid_boot_id(p->boot_id);
	if (!procid_of(getpid(), &p->keeper))
		return error_set(err, PROBLEM_FAILED, "/proc is not readable");
	if (o->starter && !procid_of(o->starter, &p->starter))
		return error_set(err, PROBLEM_FAILED, "whoever wanted the process is gone");
	cleanup_free char *name = xasprintf("sa-%s", p->tag);
	p->cgroup = cgroup_create(name);
	const struct cgroup_limits limits = {
	    .memory_bytes = o->limits.memory_bytes,
	    .cpu_percent = o->limits.cpu_percent,
	    .pids = o->limits.pids,
	};
	return cgroup_limit(p->cgroup, &limits, err);
}

static int begin(struct keeper *k, struct sa_error *err)
{
	struct process_config config;
	if (folder_open(&k->folder, err) < 0)
		return -1;
	process_config_load(k->folder.fd, &config);
	if (folder_claim(&k->folder, &config, &k->process.id, &k->dir_fd, err) < 0)
		return -1;
	k->process.log_limit_bytes = (uint64_t)config.max_log_bytes;
	if (fill_record(k, err) < 0 || clients_listen(k, err) < 0 ||
	    log_writer_init(&k->log, k->dir_fd, k->process.log_limit_bytes, err) < 0)
		return -1;
	return life_start(k, err);
}

static int wait_ms(const struct keeper *k)
{
	int64_t at = clients_next_deadline(k);
	if (k->has_more && !k->is_held && !k->is_disk_full)
		return 0;
	return deadline_poll_ms(at < k->life_deadline ? at : k->life_deadline);
}

static void run(struct keeper *k)
{
	while (k->life != LIFE_OVER) {
		if (loop_once(&k->loop, wait_ms(k)) < 0)
			break;
		life_tick(k);
		child_pump(k);
		clients_settle(k);
	}
}

/* The rest of its output, then the record that says it has ended, then the end of connections. */
static void finish(struct keeper *k)
{
	struct sa_error err = SA_ERROR_INIT;
	child_drain(k);
	k->process.is_exited = true;
	folder_leave(&k->folder, k->process.id);
	folder_write(k->dir_fd, &k->process, &err);
	unlinkat(k->dir_fd, FOLDER_SOCKET, 0);
}

static void free_all(struct keeper *k)
{
	clients_close(k);
	child_free(k);
	log_writer_free(&k->log);
	cgroup_destroy(k->process.cgroup);
	if (k->dir_fd >= 0)
		close(k->dir_fd);
	process_clear(&k->process);
	folder_close(&k->folder);
	loop_free(&k->loop);
}

int keeper_run(const struct keeper_options *options, struct sa_error *err)
{
	struct keeper k = {
	    .options = options,
	    .problem = err,
	    .folder = FOLDER_INIT,
	    .dir_fd = -1,
	    .ready_fd = options->ready_fd,
	    .ward = WARD_INIT,
	    .bound = WATCH_INIT,
	    .out = WATCH_INIT,
	    .err = WATCH_INIT,
	    .in = WATCH_INIT,
	    .terminal_fd = -1,
	    .log = LOG_WRITER_INIT,
	    .listener = WATCH_INIT,
	};
	if (loop_init(&k.loop) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make an epoll descriptor");
	int rc = life_prepare(&k, err);
	/* Nothing of ours is in the folder that we were started in. */
	if (rc == 0 && chdir("/") == 0 && begin(&k, err) == 0)
		run(&k);
	else
		keeper_tell_ready(&k, err);
	if (k.process.pid)
		finish(&k);
	else if (k.process.id)
		folder_abandon(&k.folder, k.process.id);
	rc = k.process.pid ? SA_EXIT_OK : err->kind ? -1 : SA_EXIT_FAILED;
	free_all(&k);
	return rc;
}
