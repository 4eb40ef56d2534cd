#include "ready.h"

#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "life.h"
#include "os/io.h"
#include "json/problem.h"
#include "json/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void add_identity(const struct supervisor *sv, struct buf *b)
{
	json_kv_string(b, "serverId", sv->server.id);
	json_kv_string(b, "uid", sv->server.uid);
	json_kv_int(b, "supervisorPid", sv->server.supervisor.pid);
	json_kv_int(b, "agentPid", sv->server.agent_process.pid);
	json_kv_string(b, "socketDir", sv->server.socket_dir);
}

void ready_tell(struct supervisor *sv, const struct sa_error *problem)
{
	if (sv->ready_fd < 0)
		return;
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (problem) {
		json_add_problem(&b, 0, problem);
	} else {
		json_open(&b, '{');
		json_kv_string(&b, "type", "ready");
		add_identity(sv, &b);
		buf_adds(&b, "}\n");
	}
	io_write_all(sv->ready_fd, buf_span(&b));
	buf_free(&b);
	close(sv->ready_fd);
	sv->ready_fd = -1;
}

void ready_write_status(struct supervisor *sv)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *path = xasprintf("%s/" RUNDIR_STATUS, sv->server.socket_dir);
	cleanup_free char *fresh = xasprintf("%s.new", path);
	json_open(&b, '{');
	add_identity(sv, &b);
	json_kv_string(&b, "agent", sv->server.agent);
	json_kv_string(&b, "life", life_name(sv->life));
	json_kv_time(&b, "updatedAt", clock_now_ms());
	buf_adds(&b, "}\n");
	/* Gone with the machine, so no fsync. Nothing depends on it: a failure is no news. */
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		if (io_write_all(fd, buf_span(&b)) < 0 || rename(fresh, path) < 0)
			unlink(fresh);
		close(fd);
	}
	buf_free(&b);
}
