/*
 * Deadlines of many connections: one queue for each kind, all of a kind last
 * equally long, so that a queue is in order of time by itself. Starting and
 * stopping one is a few pointers.
 */
#ifndef SA_SERVE_TIMERS_H
#define SA_SERVE_TIMERS_H

#include <stdint.h>

enum timer_kind {
	TIMER_HEADER, /* for a whole head */
	TIMER_IDLE,   /* between requests */
	TIMER_BODY,   /* for the next step of a body */
	TIMER_WRITE,  /* for the client to take something */
	TIMER_ADOPT,
	TIMER_HALF_CLOSED,
	TIMER_LINGER,
	TIMER_KIND_COUNT,
};

struct timer {
	struct timer *prev, *next; /* NULL: not running */
	int64_t at;		   /* monotonic ms */
	enum timer_kind kind;
};

struct timers {
	struct timer queues[TIMER_KIND_COUNT]; /* heads of rings */
	int64_t lengths_ms[TIMER_KIND_COUNT];  /* 0: never */
};

void timers_init(struct timers *timers);
/* Start or restart it. */
void timer_start(struct timers *timers, struct timer *timer, enum timer_kind kind);
/* Start it unless it runs as this kind already. */
void timer_keep(struct timers *timers, struct timer *timer, enum timer_kind kind);
void timer_stop(struct timer *timer);
/* The next deadline, or DEADLINE_NEVER. */
int64_t timers_next(const struct timers *timers);
/* One whose deadline has passed, stopped; NULL when there is none. */
struct timer *timers_expired(struct timers *timers, int64_t now);
/* The one of a kind that has run longest; NULL when none runs. */
struct timer *timers_oldest(struct timers *timers, enum timer_kind kind);

#endif
