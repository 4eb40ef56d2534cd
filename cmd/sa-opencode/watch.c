#include "watch.h"

#include <errno.h>
#include <poll.h>

void hearing_open(struct hearing *watch, struct store *store)
{
	struct sa_error ignored = SA_ERROR_INIT;
	watch->store = store;
	watch->fd = store_listen(store, &ignored);
}

static void note(int64_t server_key, void *arg)
{
	(void)server_key;
	*(bool *)arg = true;
}

bool hearing_take(struct hearing *watch)
{
	struct sa_error ignored = SA_ERROR_INIT;
	bool has_news = false;
	if (watch->fd < 0)
		return false;
	/* A connection that is lost may have had news. */
	if (store_heard(watch->store, note, &has_news, &ignored) < 0) {
		hearing_open(watch, watch->store);
		has_news = true;
	}
	return has_news;
}

int hearing_wait(struct hearing *watch, int timeout_ms, int wake_fd, struct sa_error *err)
{
	if (hearing_take(watch))
		return 1;
	struct pollfd fds[2] = {{.fd = watch->fd, .events = POLLIN},
				{.fd = wake_fd, .events = POLLRDHUP}};
	int n = poll(fds, 2, timeout_ms);
	if (n < 0 && errno != EINTR)
		return error_set_errno(err, PROBLEM_FAILED, errno, "wait for changes");
	if (n > 0 && fds[1].revents)
		return 2;
	return n > 0 && fds[0].revents && hearing_take(watch);
}
