#include "watch.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "look.h"
#include "os/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WATCH_MASK                                                                     \
	(IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)

struct folder {
	int wd;
	char *path; /* below the top; "" is the top */
};

struct tree {
	int fd;
	const struct fs *fs;
	/* Open only while events are handled: the end of a folder that somebody holds is not told.
	 */
	struct beneath at;
	struct stat top;
	const struct place *place;
	bool is_recursive;
	size_t max;
	watch_fn *fn;
	void *arg;
	struct folder *folders; /* by wd: the kernel counts up */
	size_t count, room;
	/* The first half of a move, until the other one comes. */
	uint32_t cookie;
	char *moved_from;
	bool is_moved_directory;
	bool is_top_gone;
};

static char *join(const char *a, const char *b)
{
	return xasprintf("%s%s%s", a, *a && *b ? "/" : "", b);
}

static int tell(const struct tree *t, const char *what, const char *below, const char *from,
		bool is_directory, struct sa_error *err)
{
	size_t n = strlen(t->place->shown);
	while (n && t->place->shown[n - 1] == '/')
		n--;
	cleanup_free char *path =
	    below ? xasprintf("%.*s/%s", (int)n, t->place->shown, below) : NULL;
	cleanup_free char *old = from ? xasprintf("%.*s/%s", (int)n, t->place->shown, from) : NULL;
	if (path && !*below)
		path[n] = '\0';
	return t->fn(&(struct watch_event){what, path, old, is_directory}, t->arg, err);
}

/* --- which folders are watched -------------------------------------------------- */

static struct folder *find(struct tree *t, int wd)
{
	size_t low = 0, high = t->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->folders[middle].wd < wd)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->count && t->folders[low].wd == wd ? &t->folders[low] : NULL;
}

static void forget(struct tree *t, struct folder *f)
{
	free(f->path);
	t->count--;
	memmove(f, f + 1, (size_t)(t->folders + t->count - f) * sizeof(*f));
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

/* A folder has left, or has another name now. */
static void forget_below(struct tree *t, const char *path)
{
	for (size_t i = t->count; i-- > 0;)
		if (is_below(t->folders[i].path, path)) {
			inotify_rm_watch(t->fd, t->folders[i].wd);
			forget(t, &t->folders[i]);
		}
}

static void rename_below(struct tree *t, const char *from, const char *to)
{
	for (size_t i = 0; i < t->count; i++) {
		char *old = t->folders[i].path;
		if (!is_below(old, from))
			continue;
		t->folders[i].path = xasprintf("%s%s", to, old + strlen(from));
		free(old);
	}
}

static void keep(struct tree *t, int wd, const char *path)
{
	struct folder *known = find(t, wd);
	if (known) {
		free(known->path);
		known->path = xstrdup(path);
		return;
	}
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 16;
		t->folders = xreallocarray(t->folders, t->room, sizeof(*t->folders));
	}
	size_t i = t->count++;
	for (; i && t->folders[i - 1].wd > wd; i--)
		t->folders[i] = t->folders[i - 1];
	t->folders[i] = (struct folder){wd, xstrdup(path)};
}

/* Is the top at its place? Then t->at is open. */
static bool open_top(struct tree *t)
{
	struct stat st;
	if (t->at.fd >= 0)
		return true;
	int fd = beneath_open(&t->fs->at, t->place->inside, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || st.st_dev != t->top.st_dev || st.st_ino != t->top.st_ino) {
		close(fd);
		return false;
	}
	beneath_init_fd(&t->at, fd, true);
	return true;
}

/* Watch one folder. Its descriptor; -1 with err; -2 when it is gone or no folder. */
static int add_one(struct tree *t, const char *path, struct sa_error *err)
{
	char name[32];
	cleanup_close int fd =
	    beneath_open(&t->at, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
	if (fd < 0)
		return *path ? -2 : fs_fail(err, errno, "watch", t->place->shown);
	if (t->count >= t->max)
		return error_set(err, PROBLEM_TOO_LARGE, "%s has more than %zu folders",
				 t->place->shown, t->max);
	/* The folder that was opened, whatever stands at its path by now. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	int wd = inotify_add_watch(t->fd, name, WATCH_MASK);
	if (wd < 0 && errno == ENOSPC)
		return error_set(
		    err, PROBLEM_TOO_LARGE,
		    "the system watches no more folders (fs.inotify.max_user_watches)");
	if (wd < 0)
		return -2;
	keep(t, wd, path);
	return TAKE_FD(fd);
}

/* Watch a folder and all below it; is_telling: what is found is news. 0, -1, or fn's result. */
static int add_tree(struct tree *t, const char *top, bool is_telling, struct sa_error *err)
{
	size_t count = 1, room = 16;
	char **todo = xcalloc(room, sizeof(*todo));
	int rc = 0;
	todo[0] = xstrdup(top);
	if (!open_top(t)) {
		free(todo[0]);
		free(todo);
		return 0;
	}
	while (count) {
		cleanup_free char *path = todo[--count];
		cleanup_names struct names names = NAMES_INIT;
		int fd = rc ? -2 : add_one(t, path, err);
		if (fd == -1)
			rc = -1;
		if (fd < 0 || names_read(fd, &names) < 0)
			continue;
		for (size_t i = 0; i < names.count && rc == 0; i++) {
			struct stat st;
			char *one = join(path, names.items[i]);
			cleanup_close int at = beneath_open(&t->at, one, O_PATH | O_NOFOLLOW, 0);
			bool is_folder = at >= 0 && fstat(at, &st) == 0 && S_ISDIR(st.st_mode);
			if (is_telling && at >= 0)
				rc = tell(t, "created", one, NULL, is_folder, err);
			if (is_folder && t->is_recursive && rc == 0) {
				if (count == room) {
					room *= 2;
					todo = xreallocarray(todo, room, sizeof(*todo));
				}
				todo[count++] = TAKE_PTR(one);
			}
			free(one);
		}
	}
	free(todo);
	return rc;
}

/* --- what happens ----------------------------------------------------------------- */

static bool is_temporary(const char *path)
{
	const char *slash = strrchr(path, '/');
	return strncmp(slash ? slash + 1 : path, TEMPFILE_PREFIX, sizeof(TEMPFILE_PREFIX) - 1) == 0;
}

/* The other half has not come: it has left the tree. */
static int settle_move(struct tree *t, struct sa_error *err)
{
	cleanup_free char *from = TAKE_PTR(t->moved_from);
	if (!from)
		return 0;
	if (t->is_moved_directory)
		forget_below(t, from);
	return is_temporary(from) ? 0 : tell(t, "deleted", from, NULL, t->is_moved_directory, err);
}

static int take_arrival(struct tree *t, const char *path, bool is_directory, uint32_t cookie,
			struct sa_error *err)
{
	cleanup_free char *from = NULL;
	if (t->moved_from && t->cookie == cookie)
		from = TAKE_PTR(t->moved_from);
	int settled = settle_move(t, err);
	if (settled)
		return settled;
	if (!from || is_temporary(from)) {
		int rc = tell(t, from ? "modified" : "created", path, NULL, is_directory, err);
		return rc == 0 && is_directory && t->is_recursive ? add_tree(t, path, true, err)
								  : rc;
	}
	if (is_directory)
		rename_below(t, from, path);
	return tell(t, "moved", path, from, is_directory, err);
}

/* A file to be, without a name (O_TMPFILE), is told as "#INODE". */
static bool is_nameless(struct tree *t, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	if (name[0] != '#' || !name[1] || name[1 + strspn(name + 1, "0123456789")])
		return false;
	cleanup_close int fd =
	    open_top(t) ? beneath_open(&t->at, path, O_PATH | O_NOFOLLOW, 0) : -1;
	return fd < 0;
}

/* Something about a watched folder itself. What it is for its parent's watch is told there. */
static int take_own_event(struct tree *t, struct folder *folder, uint32_t mask,
			  struct sa_error *err)
{
	bool is_top = !*folder->path;
	if (mask & IN_IGNORED)
		forget(t, folder);
	if (!is_top)
		return 0;
	t->is_top_gone = t->is_top_gone || mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED);
	return t->is_top_gone ? 0 : tell(t, "attributes", "", NULL, true, err);
}

static int take_event(struct tree *t, const struct inotify_event *e, struct sa_error *err)
{
	bool is_directory = e->mask & IN_ISDIR;
	if (e->mask & IN_Q_OVERFLOW) {
		int rc = tell(t, "overflow", NULL, NULL, false, err);
		return rc ? rc : add_tree(t, "", false, err);
	}
	int settled = e->mask & IN_MOVED_TO ? 0 : settle_move(t, err);
	struct folder *folder = find(t, e->wd);
	if (settled || !folder)
		return settled;
	if (!e->len)
		return take_own_event(t, folder, e->mask, err);
	cleanup_free char *path = join(folder->path, e->name);
	if (e->mask & IN_MOVED_FROM) {
		t->moved_from = TAKE_PTR(path);
		t->cookie = e->cookie;
		t->is_moved_directory = is_directory;
		return 0;
	}
	if (e->mask & IN_MOVED_TO)
		return take_arrival(t, path, is_directory, e->cookie, err);
	if (is_temporary(path) || is_nameless(t, path))
		return 0;
	if (e->mask & IN_CREATE) {
		int rc = tell(t, "created", path, NULL, is_directory, err);
		return rc == 0 && is_directory && t->is_recursive ? add_tree(t, path, true, err)
								  : rc;
	}
	return tell(t,
		    e->mask & IN_DELETE	  ? "deleted"
		    : e->mask & IN_MODIFY ? "modified"
					  : "attributes",
		    path, NULL, is_directory, err);
}

static int take_events(struct tree *t, struct sa_error *err)
{
	_Alignas(struct inotify_event) char chunk[65536];
	ssize_t n = read(t->fd, chunk, sizeof(chunk));
	if (n < 0)
		return errno == EINTR || errno == EAGAIN
			   ? 0
			   : fs_fail(err, errno, "watch", t->place->shown);
	int rc = 0;
	for (ssize_t at = 0; at < n && rc == 0;) {
		const struct inotify_event *e = (const void *)(chunk + at);
		rc = take_event(t, e, err);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	return rc;
}

static int run(struct tree *t, struct sa_error *err)
{
	/* Both halves of a move come together, or the second never does. */
	enum { MOVE_MS = 50 };
	struct pollfd fds[2] = {{.fd = t->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	int rc = 0;
	while (rc == 0 && !t->is_top_gone) {
		beneath_close(&t->at);
		int ready = poll(fds, 2, t->moved_from ? MOVE_MS : -1);
		if (ready < 0 && errno != EINTR)
			return fs_fail(err, errno, "watch", t->place->shown);
		if (ready > 0 && fds[1].revents & (POLLERR | POLLHUP))
			return 0;
		if (ready > 0 && fds[0].revents)
			rc = take_events(t, err);
		else if (ready == 0)
			rc = settle_move(t, err);
	}
	return rc ? rc : settle_move(t, err);
}

int watch_tree(const struct fs *fs, const struct place *place, bool is_recursive,
	       size_t folders_max, watch_fn *fn, void *arg, struct sa_error *err)
{
	struct tree t = {.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
			 .fs = fs,
			 .at = BENEATH_ALL,
			 .place = place,
			 .is_recursive = is_recursive,
			 .max = folders_max,
			 .fn = fn,
			 .arg = arg};
	cleanup_close int top = beneath_open(&fs->at, place->inside, O_PATH | O_DIRECTORY, 0);
	int rc = t.fd < 0 || top < 0 || fstat(top, &t.top) < 0
		     ? fs_fail(err, errno, "watch", place->shown)
		     : add_tree(&t, "", false, err);
	if (top >= 0)
		close(TAKE_FD(top));
	if (rc == 0)
		rc = tell(&t, "ready", NULL, NULL, false, err);
	if (rc == 0)
		rc = run(&t, err);
	if (rc == 0 && t.is_top_gone)
		rc = tell(&t, "deleted", "", NULL, true, err);
	while (t.count)
		forget(&t, &t.folders[t.count - 1]);
	free(t.folders);
	free(t.moved_from);
	if (t.fd >= 0)
		close(t.fd);
	beneath_close(&t.at);
	return rc;
}
