#include "os/cgroup.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CGROUP2_MAGIC 0x63677270
#define OWN_LEAF "/sa-own" /* of the processes that were in the way */

static bool is_cgroup2(const char *path)
{
	struct statfs fs;
	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
}

/* Our own cgroup's path below the mount, from the "0::" line of /proc/self/cgroup. */
static char *own_path(void)
{
	struct buf text = BUF_INIT(64 * 1024);
	char *result = NULL;
	cleanup_close int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && io_read_some(fd, &text, 4096) > 0)
		continue;
	const char *line = text.data;
	while (line && strncmp(line, "0::", 3) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (line)
		result = xmemdup0(line + 3, strcspn(line + 3, "\n"));
	buf_free(&text);
	return result;
}

char *cgroup_create(const char *name)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	const char *wish = getenv("SANDBOX_AGENT_CGROUP");
	if (wish && strcmp(wish, "0") == 0)
		return NULL;
	const char *mount = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(mounts) && !mount; i++)
		mount = is_cgroup2(mounts[i]) ? mounts[i] : NULL;
	cleanup_free char *own = mount ? own_path() : NULL;
	if (!own || strncmp(own, "/..", 3) == 0)
		return NULL;
	/* We have been moved out of the way (clear_way): the place is the same. */
	size_t n = strlen(own), leaf = strlen(OWN_LEAF);
	if (n >= leaf && strcmp(own + n - leaf, OWN_LEAF) == 0)
		own[n == leaf ? 1 : n - leaf] = '\0';
	cleanup_free char *path =
	    xasprintf("%s%s/%s", mount, strcmp(own, "/") == 0 ? "" : own, name);
	cleanup_free char *killer = xasprintf("%s/cgroup.kill", path);
	if (mkdir(path, 0755) < 0)
		return NULL;
	if (access(killer, W_OK) < 0) {
		rmdir(path);
		return NULL;
	}
	return TAKE_PTR(path);
}

/* One write(2) into a file of the cgroup, as the kernel wants it. 0, or -1 with errno. */
static int put(const char *path, const char *file, const char *text)
{
	cleanup_free char *name = xasprintf("%s/%s", path, file);
	cleanup_close int fd = open(name, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -1 : io_write_all(fd, span_of(text));
}

static void get(const char *path, const char *file, struct buf *ret)
{
	cleanup_free char *name = xasprintf("%s/%s", path, file);
	cleanup_close int fd = open(name, O_RDONLY | O_CLOEXEC);
	buf_clear(ret);
	while (fd >= 0 && io_read_some(fd, ret, 4096) > 0)
		continue;
}

/* Is it ours to arrange: handed over by systemd (Delegate=), or all that our namespace has? */
static bool is_delegated(const char *path)
{
	char value[8];
	cleanup_free char *above = xasprintf("%s/../cgroup.procs", path);
	return (getxattr(path, "user.delegate", value, sizeof(value)) > 0 && value[0] == '1') ||
	       access(above, F_OK) < 0;
}

/*
 * A cgroup with processes of its own may hand no controller down ("no
 * internal processes"; cpu and pids would make it a threaded one, in which
 * limits are worth nothing): ours go into a leaf of it. Whoever forks
 * meanwhile is caught by the next round. 0; -1: they stay.
 */
static int clear_way(const char *path)
{
	enum { ROUNDS = 8 };
	cleanup_buf struct buf procs = BUF_INIT(1 << 20);
	cleanup_free char *type = xasprintf("%s/cgroup.type", path);
	cleanup_free char *leaf = xasprintf("%s" OWN_LEAF, path);
	/* The machine's top, which has no type, is free of that rule. */
	if (access(type, F_OK) < 0)
		return 0;
	for (int i = 0; i < ROUNDS; i++) {
		get(path, "cgroup.procs", &procs);
		if (!procs.len)
			return 0;
		if (!is_delegated(path) || (mkdir(leaf, 0755) < 0 && errno != EEXIST))
			return -1;
		for (char *p = procs.data, *end; (end = strchr(p, '\n')); p = end + 1) {
			*end = '\0';
			put(leaf, "cgroup.procs", p);
		}
	}
	return -1;
}

/* Let children of path's parent have a controller. 0, or -1. */
static int hand_down(const char *path, const char *controller)
{
	cleanup_buf struct buf given = BUF_INIT(4096);
	cleanup_free char *parent = xmemdup0(path, (size_t)(strrchr(path, '/') - path));
	cleanup_free char *word = xasprintf("+%s", controller);
	get(parent, "cgroup.subtree_control", &given);
	for (char *p = given.data; p && *p; p += strcspn(p, " \n"), p += strspn(p, " \n"))
		if (span_is((struct span){p, strcspn(p, " \n")}, controller))
			return 0;
	return clear_way(parent) < 0 ? -1 : put(parent, "cgroup.subtree_control", word);
}

static int limit(const char *path, const char *controller, const char *file, const char *text,
		 struct sa_error *err)
{
	if (path && hand_down(path, controller) == 0 && put(path, file, text) == 0)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "no %s limit here: cgroup v2 does not hand its %s controller down to us",
			 controller, controller);
}

int cgroup_limit(const char *path, const struct cgroup_limits *limits, struct sa_error *err)
{
	enum { PERIOD_US = 100000 };
	cleanup_free char *memory = xasprintf("%llu", (unsigned long long)limits->memory_bytes);
	cleanup_free char *cpu = xasprintf(
	    "%llu %d", (unsigned long long)limits->cpu_percent * (PERIOD_US / 100), PERIOD_US);
	cleanup_free char *pids = xasprintf("%llu", (unsigned long long)limits->pids);
	if (limits->memory_bytes && limit(path, "memory", "memory.max", memory, err) < 0)
		return -1;
	/* Swapping instead would be no limit. Not each kernel counts swap. */
	if (limits->memory_bytes)
		put(path, "memory.swap.max", "0");
	if (limits->cpu_percent && limit(path, "cpu", "cpu.max", cpu, err) < 0)
		return -1;
	if (limits->pids && limit(path, "pids", "pids.max", pids, err) < 0)
		return -1;
	return 0;
}

void cgroup_destroy(const char *path)
{
	if (!path)
		return;
	cleanup_free char *killer = xasprintf("%s/cgroup.kill", path);
	cleanup_close int fd = open(killer, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		io_write_all(fd, SPAN_LIT("1"));
	/* The folder can go once the killed are reaped: a few milliseconds. */
	for (int pause_ms = 1; rmdir(path) < 0 && errno == EBUSY && pause_ms <= 64; pause_ms *= 2)
		poll(NULL, 0, pause_ms);
}
