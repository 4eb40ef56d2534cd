/* Limits of a cgroup, on folders that look like one: the real hierarchy is seldom ours to write. */
#include "tap.h"

#include "base/buf.h"
#include "os/cgroup.h"
#include "os/io.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sa-cgroup.XXXXXX";

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	io_write_all(fd, span_of(text));
	close(fd);
}

static void holds(const char *name, const char *want)
{
	struct buf text = BUF_INIT(4096);
	struct sa_error err = SA_ERROR_INIT;
	io_read_file(name, &text, &err);
	is_span(buf_span(&text), span_of(want), name);
	buf_free(&text);
}

int main(void)
{
	static const char *const files[] = {"cgroup.subtree_control", "sa-1/memory.max",
					    "sa-1/memory.swap.max", "sa-1/cpu.max"};
	const struct cgroup_limits none = {0, 0, 0};
	const struct cgroup_limits some = {.memory_bytes = 1 << 20, .cpu_percent = 150};
	const struct cgroup_limits pids = {.pids = 7};
	struct sa_error err = SA_ERROR_INIT;
	char path[64];
	if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("sa-1", 0700) < 0)
		return 1;
	snprintf(path, sizeof(path), "%s/sa-1", folder);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put(files[i], "max");
	is_int(cgroup_limit(path, &none, &err), 0, "no limit is no work");
	holds("sa-1/memory.max", "max");
	is_int(cgroup_limit(path, &some, &err), 0, "limits are set");
	/* Files here, unlike the kernel's, keep the rest of a longer text. */
	holds("sa-1/memory.max", "1048576");
	holds("sa-1/memory.swap.max", "0ax");
	holds("sa-1/cpu.max", "150000 100000");
	holds("cgroup.subtree_control", "+cpuory");
	is_int(cgroup_limit(path, &pids, &err), -1, "a controller that is not handed down");
	is_int(err.kind, PROBLEM_INVALID_REQUEST, "is told");
	ok(strstr(err.message, "pids") != NULL, "by name");
	is_int(cgroup_limit(NULL, &pids, &err), -1, "without a cgroup there is no limit");
	is_int(cgroup_limit(NULL, &none, &err), 0, "but also none is needed");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	rmdir("sa-1");
	rmdir(folder);
	done_testing();
}
