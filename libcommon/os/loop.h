/* A small epoll loop: watches with a function each. One thread. */
#ifndef SA_OS_LOOP_H
#define SA_OS_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

typedef void loop_fn(void *arg, uint32_t events);

struct watch {
	int fd; /* -1: not watched */
	uint32_t events;
	loop_fn *fn;
	void *arg;
};

#define WATCH_INIT ((struct watch){.fd = -1})

enum { LOOP_EVENTS = 64 };

struct loop {
	int fd;
	struct epoll_event ready[LOOP_EVENTS];
	int ready_count;
};

int loop_init(struct loop *loop); /* 0, or -1 with errno */
void loop_free(struct loop *loop);
/* Watch fd (borrowed) for EPOLLIN and so on. 0, or -1 with errno. */
int loop_watch(struct loop *loop, struct watch *watch, int fd, uint32_t events, loop_fn *fn,
	       void *arg);
/* Change what is waited for; nothing happens when it is the same. */
void loop_want(struct loop *loop, struct watch *watch, uint32_t events);
/* Stop watching; safe while its events or others' are being handled. The fd stays open. */
void loop_forget(struct loop *loop, struct watch *watch);
/* The same, and close the fd. Nothing when it is not watched. */
void loop_close(struct loop *loop, struct watch *watch);
/* Wait up to timeout_ms (-1: no limit), call what is ready. 0, or -1 with errno. */
int loop_once(struct loop *loop, int timeout_ms);

#endif
