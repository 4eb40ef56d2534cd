#include "agent/rundir.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the folders are (caller frees); NULL on error. */
static char *base_path(struct sa_error *err)
{
	const char *base = getenv("SANDBOX_AGENT_RUN_DIR");
	cleanup_free char *state = dirs_state();
	if (base && *base)
		return xstrdup(base);
	if (state)
		return xasprintf("%s/run", state);
	error_set(err, PROBLEM_STORE_ERROR,
		  "no home directory: set HOME, XDG_STATE_HOME or SANDBOX_AGENT_RUN_DIR");
	return NULL;
}

char *rundir_make(const char *name, struct sa_error *err)
{
	cleanup_free char *base = base_path(err);
	cleanup_free char *path = base ? xasprintf("%s/%s", base, name) : NULL;
	return !path || dirs_make(path, err) < 0 ? NULL : TAKE_PTR(path);
}

void rundir_remove(const char *path)
{
	static const char *const names[] = {RUNDIR_SOCKET, RUNDIR_STATUS, RUNDIR_STATUS ".new"};
	if (!path)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *file = xasprintf("%s/%s", path, names[i]);
		unlink(file);
	}
	rmdir(path);
}

/* NAME.lock (caller frees); NULL on error. */
static char *lock_path(const char *name, struct sa_error *err)
{
	cleanup_free char *base = base_path(err);
	return !base || dirs_make(base, err) < 0 ? NULL : xasprintf("%s/%s.lock", base, name);
}

static int lock(const char *name, int operation, struct sa_error *err)
{
	cleanup_free char *path = lock_path(name, err);
	while (path) {
		struct stat st;
		cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		int rc = fd;
		while (rc >= 0 && (rc = flock(fd, operation)) < 0 && errno == EINTR)
			rc = 0;
		if (rc < 0)
			return error_set_errno(err,
					       errno == EWOULDBLOCK ? PROBLEM_CONFLICT
								    : PROBLEM_STORE_ERROR,
					       errno, "lock %s", path);
		/* Whoever held it before us may have removed the file: then it locks nothing. */
		if (fstat(fd, &st) == 0 && st.st_nlink > 0)
			return TAKE_FD(fd);
	}
	return -1;
}

int rundir_lock(const char *name, struct sa_error *err)
{
	return lock(name, LOCK_EX, err);
}

int rundir_try_lock(const char *name, struct sa_error *err)
{
	return lock(name, LOCK_EX | LOCK_NB, err);
}

void rundir_unlock(const char *name, int fd)
{
	struct sa_error ignored;
	cleanup_free char *path = lock_path(name, &ignored);
	if (path)
		unlink(path);
	close(fd);
}
