#include "agent/launch.h"

#include "agent/link.h"
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/cgroup.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/proctree.h"
#include "os/spawn.h"
#include "store/alive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { READY_LINE_BYTES = 64 * 1024, READY_FD = 3 };

/* Our environment without the server's own secret, then the entries of launch. */
static char **make_environment(const struct launch *launch)
{
	size_t count = 0;
	while (environ[count])
		count++;
	char **env = xcalloc(count + launch->env_count + 1, sizeof(*env));
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "SANDBOX_AGENT_TOKEN=", 20) != 0)
			env[n++] = environ[i];
	for (size_t i = 0; i < launch->env_count; i++) {
		/* Replace what is there: getenv() takes the first. */
		const char *entry = launch->env[i];
		size_t name = strcspn(entry, "=") + 1;
		size_t at = 0;
		while (at < n && strncmp(env[at], entry, name) != 0)
			at++;
		env[at] = (char *)(uintptr_t)entry;
		n += at == n;
	}
	return env;
}

static char **make_argv(const struct launch *launch, const char *ready_fd)
{
	size_t limits = 0, words = 0;
	while (launch->limits && launch->limits[limits])
		limits++;
	while (launch->argv[words])
		words++;
	const char *const fixed[] = {"sa-supervise", "--server-id", launch->server_id, "--agent",
				     launch->agent,  "--ready-fd",  ready_fd,	     "--cwd",
				     launch->cwd};
	const char **argv = xcalloc(ARRAY_SIZE(fixed) + limits + words + 2, sizeof(*argv));
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		argv[n++] = fixed[i];
	for (size_t i = 0; i < limits; i++)
		argv[n++] = launch->limits[i];
	argv[n++] = "--";
	for (size_t i = 0; i < words; i++)
		argv[n++] = launch->argv[i];
	return (char **)(uintptr_t)argv;
}

/* Its readiness line. 0, or -1 with the problem in it. */
static int wait_ready(int fd, struct sa_error *err)
{
	cleanup_buf struct buf line = BUF_INIT(READY_LINE_BYTES);
	if (io_read_all(fd, &line, "the supervisor's readiness", err) < 0)
		return -1;
	struct span text = span_trim(buf_span(&line));
	if (text.n == 0)
		return error_set(err, PROBLEM_FAILED, "the supervisor ended before it was ready");
	return link_problem(text, err) ? -1 : 0;
}

int launch_server(const struct launch *launch, struct sa_error *err)
{
	cleanup_free char *program = dirs_find_sibling("sa-supervise");
	if (!program)
		return error_set(err, PROBLEM_FAILED,
				 "sa-supervise is neither beside this program nor on PATH; the "
				 "installation is incomplete");
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	cleanup_close int ready_read = ready[0];
	cleanup_close int ready_write = ready[1];
	cleanup_free char **env = make_environment(launch);
	cleanup_free char **argv = make_argv(launch, "3");
	struct spawn spawn = SPAWN_INIT;
	spawn.path = program;
	spawn.argv = argv;
	spawn.env = env;
	spawn.fds[READY_FD] = ready_write;
	spawn.fd_count = READY_FD + 1;
	spawn.is_session_leader = true;
	/* It outlives us: whoever is our reaper then is its parent. */
	if (spawn_start(&spawn, err) < 0)
		return -1;
	close(TAKE_FD(ready_write));
	return wait_ready(ready_read, err);
}

int launch_reap(struct store *store, struct server *server, struct sa_error *err)
{
	if (server->state != SERVER_RUNNING || server_is_alive(server))
		return 0;
	proctree_kill_tagged(SERVER_TAG, server->uid);
	cgroup_destroy(server->cgroup);
	rundir_remove(server->socket_dir);
	if (store_mark_dead(store, server, err) < 0)
		return -1;
	server->state = SERVER_ENDED;
	return 0;
}

struct dead_list {
	int64_t *keys;
	size_t count;
};

static int note_dead(const struct server *server, void *arg)
{
	struct dead_list *list = arg;
	if (server->state != SERVER_RUNNING || server_is_alive(server))
		return 0;
	list->keys = xreallocarray(list->keys, list->count + 1, sizeof(*list->keys));
	list->keys[list->count++] = server->key;
	return 0;
}

int launch_reap_all(struct store *store, struct sa_error *err)
{
	struct dead_list list = {NULL, 0};
	int rc = store_each_server(store, false, note_dead, &list, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		struct server server = {.key = 0};
		rc = store_get_server(store, list.keys[i], &server, err);
		if (rc == 0)
			rc = launch_reap(store, &server, err);
		server_clear(&server);
	}
	free(list.keys);
	return rc;
}
