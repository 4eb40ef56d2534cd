#include "os/loop.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

int loop_init(struct loop *loop)
{
	loop->ready_count = 0;
	loop->fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->fd < 0 ? -1 : 0;
}

void loop_free(struct loop *loop)
{
	if (loop->fd >= 0)
		close(loop->fd);
	loop->fd = -1;
}

int loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t events, loop_fn *fn,
	       void *arg)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};
	*watch = (struct watch){fd, events, fn, arg};
	if (epoll_ctl(loop->fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	watch->fd = -1;
	return -1;
}

void loop_want(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};
	if (watch->fd < 0 || watch->events == events)
		return;
	watch->events = events;
	epoll_ctl(loop->fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void loop_forget(struct loop *loop, struct watch *watch)
{
	if (watch->fd < 0)
		return;
	epoll_ctl(loop->fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
	for (int i = 0; i < loop->ready_count; i++)
		if (loop->ready[i].data.ptr == watch)
			loop->ready[i].data.ptr = NULL;
}

void loop_close(struct loop *loop, struct watch *watch)
{
	int fd = watch->fd;
	if (fd < 0)
		return;
	loop_forget(loop, watch);
	close(fd);
}

int loop_once(struct loop *loop, int timeout_ms)
{
	int n = epoll_wait(loop->fd, loop->ready, LOOP_EVENTS, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -1;
	loop->ready_count = n;
	for (int i = 0; i < n; i++) {
		struct watch *watch = loop->ready[i].data.ptr;
		if (watch)
			watch->fn(watch->arg, loop->ready[i].events);
	}
	loop->ready_count = 0;
	return 0;
}
