#include "store/memory_place.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { TMPFS_TYPE = 0x01021994 /* statfs(2) */ };
static const char root[] = "/dev/shm";

static char *folder_path(void)
{
	return xasprintf("%s/sandbox-agent-%d", root, (int)geteuid());
}

/* A folder of ours alone in memory; owned. */
static char *make_folder(struct sa_error *err)
{
	struct statfs fs;
	struct stat st;
	if (statfs(root, &fs) < 0 || fs.f_type != TMPFS_TYPE) {
		error_set(err, PROBLEM_STORE_ERROR,
			  "a memory: store needs a tmpfs at %s, and there is none", root);
		return NULL;
	}
	cleanup_free char *path = folder_path();
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		error_set_errno(err, PROBLEM_STORE_ERROR, errno, "make %s", path);
		return NULL;
	}
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & 077) {
		error_set(err, PROBLEM_STORE_ERROR,
			  "%s is not a folder of this user alone (mode 0700); remove it", path);
		return NULL;
	}
	return TAKE_PTR(path);
}

/* The folder, locked: nobody else comes or sweeps meanwhile. -1 with errno. */
static int take_gate(const char *folder)
{
	cleanup_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	return TAKE_FD(fd);
}

/* base: the path without its suffix. */
static void remove_files(const char *base)
{
	static const char *const suffixes[] = {".db",	    ".db-wal", ".db-shm",
					       ".db-queue", ".home",   ".lock"};
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		cleanup_free char *path = xasprintf("%s%s", base, suffixes[i]);
		unlink(path);
	}
}

static int open_lock(const char *base)
{
	cleanup_free char *path = xasprintf("%s.lock", base);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Behind the gate: take away what belongs to a state directory that is gone, and has no user. */
static void sweep(const char *folder)
{
	cleanup_closedir DIR *dir = opendir(folder);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		char home[PATH_MAX];
		size_t n = strlen(entry->d_name);
		if (n < 6 || strcmp(entry->d_name + n - 5, ".home") != 0)
			continue;
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, home, sizeof(home) - 1);
		if (length <= 0)
			continue;
		home[length] = '\0';
		if (access(home, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
			continue;
		cleanup_free char *base = xasprintf("%s/%.*s", folder, (int)(n - 5), entry->d_name);
		cleanup_close int lock = open_lock(base);
		if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
			remove_files(base);
	}
}

/* FNV-1a of the state directory's path, as hexadecimal digits. */
static char *base_path(const char *folder, const char *state)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (const char *p = state; *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return xasprintf("%s/%016" PRIx64, folder, hash);
}

int memory_place_enter(struct memory_place *place, struct sa_error *err)
{
	cleanup_free char *folder = make_folder(err);
	cleanup_free char *state = folder ? dirs_state() : NULL;
	if (!folder)
		return -1;
	if (!state)
		return error_set(err, PROBLEM_STORE_ERROR,
				 "no home directory: set HOME or XDG_STATE_HOME");
	if (dirs_make(state, err) < 0)
		return -1;
	cleanup_close int gate = take_gate(folder);
	if (gate < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "lock %s", folder);
	sweep(folder);
	cleanup_free char *base = base_path(folder, state);
	cleanup_free char *home = xasprintf("%s.home", base);
	cleanup_close int lock = open_lock(base);
	if (lock < 0 || flock(lock, LOCK_SH) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "lock %s.lock", base);
	if (symlink(state, home) < 0 && errno != EEXIST)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "make %s", home);
	*place = (struct memory_place){.path = xasprintf("%s.db", base), .lock = TAKE_FD(lock)};
	return 0;
}

bool memory_place_is_last(struct memory_place *place, int *ret_gate)
{
	cleanup_free char *folder = folder_path();
	*ret_gate = take_gate(folder);
	/* Behind the gate nobody comes between giving up the shared lock and getting the other. */
	return *ret_gate >= 0 && flock(place->lock, LOCK_EX | LOCK_NB) == 0;
}

void memory_place_leave(struct memory_place *place, int gate, bool is_over)
{
	if (is_over) {
		cleanup_free char *base = xmemdup0(place->path, strlen(place->path) - 3);
		remove_files(base);
	}
	close(place->lock);
	if (gate >= 0)
		close(gate);
	free(place->path);
}
