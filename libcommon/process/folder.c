#include "process/folder.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/cgroup.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/proctree.h"
#include "process/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "proc_"
#define RUNNING "running"
#define STATUS "status.json"

enum {
	STATUS_BYTES = 8 << 20, /* arguments may be long */
	NUMBER_BYTES = 32,
	NAME_BYTES = 64,
	MARKER_BYTES = 128,
};

#define NUMBER_MOST ((uint64_t)1 << 53)

/* --- names ---------------------------------------------------------------------- */

/* The number of "proc_7"; 0 for anything else. */
static uint64_t number_of(const char *id)
{
	uint64_t number;
	if (strncmp(id, PREFIX, sizeof(PREFIX) - 1) != 0 || id[sizeof(PREFIX) - 1] == '0' ||
	    num_parse_u64(span_of(id + sizeof(PREFIX) - 1), NUMBER_MOST, &number) < 0)
		return 0;
	return number;
}

static int no_such(const char *id, struct sa_error *err)
{
	return error_set(err, PROBLEM_NOT_FOUND, "no process '%.200s'", id);
}

char *folder_path(const struct folder *folder, const char *id)
{
	return xasprintf("%s/%s", folder->path, id);
}

/* --- opening ---------------------------------------------------------------------- */

int folder_open(struct folder *folder, struct sa_error *err)
{
	cleanup_free char *state = dirs_state();
	*folder = FOLDER_INIT;
	if (!state)
		return error_set(err, PROBLEM_STORE_ERROR,
				 "no home directory: set HOME or XDG_STATE_HOME");
	cleanup_free char *path = xasprintf("%s/processes", state);
	cleanup_free char *running = xasprintf("%s/" RUNNING, path);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		if (dirs_make(running, err) < 0)
			return -1;
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "open %s", path);
	*folder = (struct folder){TAKE_PTR(path), fd};
	return 0;
}

void folder_close(struct folder *folder)
{
	free(folder->path);
	if (folder->fd >= 0)
		close(folder->fd);
	*folder = FOLDER_INIT;
}

int folder_open_process(const struct folder *folder, const char *id, struct sa_error *err)
{
	if (!number_of(id))
		return no_such(id, err);
	int fd = openat(folder->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? no_such(id, err)
				       : error_set_errno(err, PROBLEM_STORE_ERROR, errno,
							 "open the folder of '%s'", id);
	return fd;
}

static int take_lock(const struct folder *folder, struct sa_error *err)
{
	int fd = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "lock %s", folder->path);
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		close(fd);
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "lock %s", folder->path);
	}
	return fd;
}

/* --- lists -------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = number_of(*(char *const *)a), y = number_of(*(char *const *)b);
	return x < y ? -1 : x > y;
}

int folder_list(const struct folder *folder, bool only_running, struct folder_ids *ret,
		struct sa_error *err)
{
	size_t room = 0;
	*ret = (struct folder_ids){NULL, 0};
	int fd =
	    openat(folder->fd, only_running ? RUNNING : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "list %s", folder->path);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!number_of(entry->d_name))
			continue;
		if (ret->count == room) {
			room = room ? room * 2 : 32;
			ret->items = xreallocarray(ret->items, room, sizeof(*ret->items));
		}
		ret->items[ret->count++] = xstrdup(entry->d_name);
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_number);
	return 0;
}

void folder_ids_free(struct folder_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		free(ids->items[i]);
	free(ids->items);
	*ids = (struct folder_ids){NULL, 0};
}

/* --- records -------------------------------------------------------------------------- */

int folder_write(int process_fd, const struct process *process, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(STATUS_BYTES);
	char fresh[NAME_BYTES];
	process_add_status(&text, process);
	/* Two who find the supervisor dead may write at once. */
	snprintf(fresh, sizeof(fresh), STATUS ".%d", (int)getpid());
	if (text.is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "the arguments are too long");
	if (io_replace_at(process_fd, STATUS, fresh, buf_span(&text), false) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "write the status of '%s'",
				       process->id);
	return 0;
}

static int read_status(int process_fd, const char *id, struct process *ret, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(STATUS_BYTES);
	cleanup_close int fd = openat(process_fd, STATUS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	/* Claimed, but not started yet: nobody has been told of it. */
	if (fd < 0)
		return no_such(id, err);
	return io_read_all(fd, &text, STATUS, err) < 0
		   ? -1
		   : process_parse_status(buf_span(&text), ret, err);
}

void folder_leave(struct folder *folder, const char *id)
{
	char name[NAME_BYTES];
	snprintf(name, sizeof(name), RUNNING "/%s", id);
	unlinkat(folder->fd, name, 0);
}

/* Its supervisor is dead and did not say how it ended. */
static int bury(struct folder *folder, int process_fd, struct process *process,
		struct sa_error *err)
{
	proctree_kill_tagged(PROCESS_TAG, process->tag);
	cgroup_destroy(process->cgroup);
	process->is_exited = true;
	process->has_exit_code = false;
	process->end_signal = SIGKILL;
	process->exited_ms = clock_now_ms();
	if (folder_write(process_fd, process, err) < 0)
		return -1;
	unlinkat(process_fd, FOLDER_SOCKET, 0);
	folder_leave(folder, process->id);
	return 0;
}

int folder_read(struct folder *folder, const char *id, struct process *ret, struct sa_error *err)
{
	cleanup_close int fd = folder_open_process(folder, id, err);
	cleanup_process struct process process = {.id = NULL};
	if (fd < 0 || read_status(fd, id, &process, err) < 0)
		return -1;
	if (!process.is_exited && !process_is_kept(&process)) {
		/* It may have ended in order between the two looks. */
		process_clear(&process);
		if (read_status(fd, id, &process, err) < 0)
			return -1;
		if (!process.is_exited && bury(folder, fd, &process, err) < 0)
			return -1;
	}
	*ret = process;
	process = (struct process){.id = NULL};
	return 0;
}

/* --- making and removing ----------------------------------------------------------------- */

static void remove_files(const struct folder *folder, const char *id)
{
	struct sa_error ignored;
	int fd = folder_open_process(folder, id, &ignored);
	if (fd < 0)
		return;
	log_remove(fd);
	unlinkat(fd, FOLDER_SOCKET, 0);
	unlinkat(fd, STATUS, 0);
	cleanup_closedir DIR *dir = fdopendir(fd);
	if (!dir)
		close(fd);
	/* Left by a writer that was killed. */
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (strncmp(entry->d_name, STATUS, sizeof(STATUS) - 1) == 0)
			unlinkat(fd, entry->d_name, 0);
	unlinkat(folder->fd, id, AT_REMOVEDIR);
}

/* Who claimed it is in the entry: "PID START BOOT". */
static bool is_claimer_alive(const struct folder *folder, const char *id)
{
	char name[NAME_BYTES], text[MARKER_BYTES], boot[BOOT_ID_BYTES];
	uint64_t pid, start;
	snprintf(name, sizeof(name), RUNNING "/%s", id);
	cleanup_close int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (n <= 0)
		return false;
	text[n] = '\0';
	char *second = strchr(text, ' ');
	char *third = second ? strchr(second + 1, ' ') : NULL;
	procid_boot_id(boot);
	if (!third || strcmp(third + 1, boot) != 0 ||
	    num_parse_u64((struct span){text, (size_t)(second - text)}, INT32_MAX, &pid) < 0 ||
	    num_parse_u64((struct span){second + 1, (size_t)(third - second - 1)}, UINT64_MAX,
			  &start) < 0)
		return false;
	return procid_is_alive((struct procid){(pid_t)pid, start});
}

static int write_marker(const struct folder *folder, const char *id)
{
	char name[NAME_BYTES], text[MARKER_BYTES], boot[BOOT_ID_BYTES];
	struct procid me;
	snprintf(name, sizeof(name), RUNNING "/%s", id);
	procid_boot_id(boot);
	if (!procid_of(getpid(), &me))
		return -1;
	snprintf(text, sizeof(text), "%d %llu %s", (int)me.pid, (unsigned long long)me.start, boot);
	cleanup_close int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : io_write_all(fd, span_of(text));
}

/* Fewer than most? Entries of dead supervisors are cleared away when it matters. */
static int check_running(struct folder *folder, int64_t most, struct sa_error *err)
{
	struct folder_ids ids;
	if (folder_list(folder, true, &ids, err) < 0)
		return -1;
	size_t count = ids.count;
	for (size_t i = 0; i < ids.count && count >= (uint64_t)most; i++) {
		cleanup_process struct process process = {.id = NULL};
		struct sa_error ignored = SA_ERROR_INIT;
		if (is_claimer_alive(folder, ids.items[i]))
			continue;
		count--;
		if (folder_read(folder, ids.items[i], &process, &ignored) < 0)
			folder_abandon(folder, ids.items[i]); /* it never began */
		folder_leave(folder, ids.items[i]);
	}
	folder_ids_free(&ids);
	if (count >= (uint64_t)most)
		return error_set(err, PROBLEM_CONFLICT,
				 "%zu processes run already, as many as the limits allow", count);
	return 0;
}

/* Records beyond the limit: the oldest exited ones go. */
static void prune(struct folder *folder, int64_t most)
{
	struct folder_ids ids;
	struct sa_error ignored = SA_ERROR_INIT;
	if (folder_list(folder, false, &ids, &ignored) < 0)
		return;
	size_t count = ids.count;
	for (size_t i = 0; i < ids.count && count > (uint64_t)most; i++) {
		char name[NAME_BYTES];
		snprintf(name, sizeof(name), RUNNING "/%s", ids.items[i]);
		if (faccessat(folder->fd, name, F_OK, 0) == 0)
			continue;
		remove_files(folder, ids.items[i]);
		count--;
	}
	folder_ids_free(&ids);
}

/* The number in the file "next", which then holds the one after it. */
static int take_number(const struct folder *folder, uint64_t *ret, struct sa_error *err)
{
	char text[NUMBER_BYTES] = "";
	uint64_t number = 1;
	cleanup_close int fd = openat(folder->fd, "next", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
	if (n > 0 &&
	    num_parse_u64(span_trim((struct span){text, (size_t)n}), NUMBER_MOST, &number) < 0)
		number = 1;
	/* A lost file must not give a number twice. */
	struct folder_ids ids;
	if (number == 1 && folder_list(folder, false, &ids, err) == 0) {
		if (ids.count)
			number = number_of(ids.items[ids.count - 1]) + 1;
		folder_ids_free(&ids);
	}
	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number + 1);
	if (io_replace_at(folder->fd, "next", "next.new", span_of(text), false) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "count in %s",
				       folder->path);
	*ret = number;
	return 0;
}

int folder_claim(struct folder *folder, const struct process_config *config, char **ret_id,
		 int *ret_fd, struct sa_error *err)
{
	uint64_t number = 0;
	cleanup_close int lock = take_lock(folder, err);
	if (lock < 0 || check_running(folder, config->max_running, err) < 0 ||
	    take_number(folder, &number, err) < 0)
		return -1;
	prune(folder, config->max_exited);
	cleanup_free char *id = xasprintf(PREFIX "%llu", (unsigned long long)number);
	if (mkdirat(folder->fd, id, 0700) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "make a folder for '%s'",
				       id);
	int fd = write_marker(folder, id) < 0 ? -1 : folder_open_process(folder, id, err);
	if (fd < 0) {
		folder_abandon(folder, id);
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "make a folder for '%s'",
				       id);
	}
	*ret_fd = fd;
	*ret_id = TAKE_PTR(id);
	return 0;
}

void folder_abandon(struct folder *folder, const char *id)
{
	remove_files(folder, id);
	folder_leave(folder, id);
}

int folder_remove(struct folder *folder, const char *id, struct sa_error *err)
{
	cleanup_close int lock = take_lock(folder, err);
	cleanup_process struct process process = {.id = NULL};
	if (lock < 0 || folder_read(folder, id, &process, err) < 0)
		return -1;
	if (!process.is_exited)
		return error_set(err, PROBLEM_CONFLICT, "process '%s' is running; stop it first",
				 id);
	remove_files(folder, id);
	return 0;
}
