/*
 * Every commit is a write to the WAL, which inotify(7) tells. The folder is
 * watched, because the WAL itself comes and goes with its users.
 */
#include "store/sqlite.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int sqlite_listen(struct store *store, struct sa_error *err)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	if (s->news_fd >= 0)
		return s->news_fd;
	const char *slash = strrchr(s->path, '/');
	cleanup_free char *folder =
	    slash ? xmemdup0(s->path, (size_t)(slash - s->path) + 1) : xstrdup(".");
	cleanup_close int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0 || inotify_add_watch(fd, folder, IN_MODIFY) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "watch %s", folder);
	s->news_fd = TAKE_FD(fd);
	return s->news_fd;
}

/* Is it about the WAL, or did the kernel lose count? */
static bool is_news(const struct sqlite_store *s, const struct inotify_event *event)
{
	const char *slash = strrchr(s->path, '/');
	const char *base = slash ? slash + 1 : s->path;
	size_t n = strlen(base);
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	return event->len && strncmp(event->name, base, n) == 0 &&
	       strcmp(event->name + n, "-wal") == 0;
}

int sqlite_heard(struct store *store, store_news_fn *fn, void *arg, struct sa_error *err)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	enum { ROOM = 16 * (sizeof(struct inotify_event) + NAME_MAX + 1) };
	_Alignas(struct inotify_event) char room[ROOM];
	bool has_news = false;
	ssize_t n;
	while ((n = read(s->news_fd, room, sizeof(room))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (void *)(room + at);
			has_news = has_news || is_news(s, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "watch the store");
	if (has_news)
		fn(0, arg);
	return 0;
}
