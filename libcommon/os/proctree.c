#include "os/proctree.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/procstat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
	pid_t pid;
	pid_t ppid;
	bool is_zombie;
	bool is_mine;	/* a descendant */
	bool is_walked; /* its children are marked */
};

struct process_list {
	struct process *items;
	size_t count;
};

/* Names of /proc that are numbers, as pids. 0 for others. */
static pid_t pid_of_name(const char *name)
{
	uint64_t value;
	return num_parse_u64(span_of(name), INT32_MAX, &value) == 0 ? (pid_t)value : 0;
}

static struct process_list read_processes(void)
{
	struct process_list list = {NULL, 0};
	size_t room = 0;
	cleanup_closedir DIR *dir = opendir("/proc");
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		pid_t pid = pid_of_name(entry->d_name);
		struct procstat stat;
		if (!pid || !procstat_read(pid, &stat))
			continue;
		if (list.count == room) {
			room = room ? room * 2 : 256;
			list.items = xreallocarray(list.items, room, sizeof(*list.items));
		}
		list.items[list.count++] =
		    (struct process){.pid = pid,
				     .ppid = stat.ppid,
				     .is_zombie = stat.state == 'Z' || stat.state == 'X'};
	}
	return list;
}

/* Mark the children of pid. */
static size_t mark_children(struct process_list *list, pid_t pid)
{
	size_t found = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].ppid == pid && !list->items[i].is_mine) {
			list->items[i].is_mine = true;
			found++;
		}
	return found;
}

/* Mark the descendants of root, one pass over the list per descendant: trees are small. */
static void mark_descendants(struct process_list *list, pid_t root)
{
	if (mark_children(list, root) == 0)
		return;
	for (bool has_changed = true; has_changed;) {
		has_changed = false;
		for (size_t i = 0; i < list->count; i++) {
			struct process *p = &list->items[i];
			if (!p->is_mine || p->is_walked)
				continue;
			p->is_walked = true;
			has_changed |= mark_children(list, p->pid) > 0;
		}
	}
}

size_t proctree_signal(pid_t root, pid_t except, int signal_number)
{
	struct process_list list = read_processes();
	size_t living = 0;
	mark_descendants(&list, root);
	for (size_t i = 0; i < list.count; i++) {
		const struct process *p = &list.items[i];
		if (!p->is_mine || p->is_zombie || p->pid == except || p->pid == getpid())
			continue;
		living++;
		kill(p->pid, signal_number);
	}
	free(list.items);
	return living;
}

bool proctree_kill_mine(pid_t except, int64_t deadline_ms)
{
	int64_t deadline = deadline_after(deadline_ms);
	int pause_ms = 1;
	for (;;) {
		size_t living = proctree_signal(getpid(), except, SIGKILL);
		pid_t got;
		while ((got = waitpid(-1, NULL, WNOHANG)) > 0)
			continue;
		if (living == 0)
			return true;
		if (deadline_poll_ms(deadline) == 0)
			return false;
		/* Killed processes need a moment to go; there is no fd to wait on for all of them.
		 */
		poll(NULL, 0, pause_ms);
		pause_ms = pause_ms < 20 ? pause_ms * 2 : 20;
	}
}

static bool has_environment_entry(pid_t pid, const char *entry, size_t entry_len)
{
	cleanup_free char *path = xasprintf("/proc/%d/environ", (int)pid);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* The window keeps enough of the last read to see an entry across two reads. */
	char window[16384];
	size_t kept = 0;
	for (;;) {
		ssize_t n = read(fd, window + kept, sizeof(window) - kept);
		if (n <= 0)
			return false;
		size_t total = kept + (size_t)n;
		if (memmem(window, total, entry, entry_len))
			return true;
		kept = total < entry_len ? total : entry_len;
		memmove(window, window + total - kept, kept);
	}
}

bool proctree_is_tagged(pid_t pid, const char *name, const char *value)
{
	cleanup_free char *entry = xasprintf("%s=%s", name, value);
	return has_environment_entry(pid, entry, strlen(entry) + 1);
}

size_t proctree_kill_tagged(const char *name, const char *value)
{
	cleanup_free char *entry = xasprintf("%s=%s", name, value);
	size_t found = 0, entry_len = strlen(entry) + 1; /* with its NUL */
	cleanup_closedir DIR *dir = opendir("/proc");
	for (struct dirent *item; dir && (item = readdir(dir));) {
		pid_t pid = pid_of_name(item->d_name);
		if (!pid || pid == getpid() || !has_environment_entry(pid, entry, entry_len))
			continue;
		found++;
		kill(pid, SIGKILL);
	}
	return found;
}
