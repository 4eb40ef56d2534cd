#include "vault_file.h"

#include "place.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

int vault_file_read(const char *path, struct buf *ret_bytes, struct sa_error *err)
{
	cleanup_free char *reason = NULL;
	enum place_result result = place_read(path, geteuid(), ret_bytes, &reason);
	if (result == PLACE_ABSENT)
		return 1;
	if (result == PLACE_REFUSED)
		return error_set(err, PROBLEM_STORE_ERROR, "vault %s: %s", path, reason);
	return 0;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xmemdup0(path, (size_t)(slash - path));
}

static void on_alarm(int number)
{
}

/* Wait for the lock; an alarm ends the wait with EINTR. 0, or -1 with errno. */
static int wait_for_lock(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
		return 0;
	struct sigaction action = {.sa_handler = on_alarm}, before;
	sigaction(SIGALRM, &action, &before);
	alarm(VAULT_LOCK_WAIT_S);
	int rc = fcntl(fd, F_OFD_SETLKW, &whole);
	int saved = errno;
	alarm(0);
	sigaction(SIGALRM, &before, NULL);
	errno = saved;
	return rc;
}

int vault_file_lock(const char *path, struct sa_error *err)
{
	cleanup_free char *folder = folder_of(path);
	if (dirs_make(folder, err) < 0)
		return -1;
	cleanup_free char *name = xasprintf("%s.lock", path);
	cleanup_close int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "open %s", name);
	if (wait_for_lock(fd) == 0)
		return TAKE_FD(fd);
	if (errno == EINTR)
		return error_set(err, PROBLEM_TIMEOUT,
				 "somebody else has held the vault's lock for %d seconds",
				 VAULT_LOCK_WAIT_S);
	return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "lock %s", name);
}

static int write_fresh(const char *fresh, struct span bytes)
{
	/* What a crashed writer left; the lock says that nobody is at it. */
	unlink(fresh);
	cleanup_close int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	return fchmod(fd, 0600) || io_write_all(fd, bytes) || fsync(fd) ? -1 : 0;
}

int vault_file_replace(const char *path, struct span bytes, struct sa_error *err)
{
	cleanup_free char *fresh = xasprintf("%s.new", path);
	if (write_fresh(fresh, bytes) < 0 || rename(fresh, path) < 0) {
		int saved = errno;
		unlink(fresh);
		return error_set_errno(err, PROBLEM_STORE_ERROR, saved, "write vault %s", path);
	}
	cleanup_free char *folder = folder_of(path);
	cleanup_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "sync %s", folder);
	return 0;
}
