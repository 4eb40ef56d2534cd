#include "timers.h"

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

void timers_init(struct timers *timers)
{
	for (int kind = 0; kind < TIMER_KIND_COUNT; kind++) {
		struct timer *head = &timers->queues[kind];
		*head = (struct timer){.prev = head, .next = head};
	}
}

void timer_stop(struct timer *timer)
{
	if (!timer->next)
		return;
	timer->prev->next = timer->next;
	timer->next->prev = timer->prev;
	timer->next = timer->prev = NULL;
}

void timer_start(struct timers *timers, struct timer *timer, enum timer_kind kind)
{
	timer_stop(timer);
	timer->kind = kind;
	if (timers->lengths_ms[kind] <= 0)
		return;
	struct timer *head = &timers->queues[kind];
	timer->at = clock_monotonic_ms() + timers->lengths_ms[kind];
	timer->prev = head->prev;
	timer->next = head;
	head->prev->next = timer;
	head->prev = timer;
}

void timer_keep(struct timers *timers, struct timer *timer, enum timer_kind kind)
{
	if (!timer->next || timer->kind != kind)
		timer_start(timers, timer, kind);
}

struct timer *timers_oldest(struct timers *timers, enum timer_kind kind)
{
	struct timer *head = &timers->queues[kind];
	return head->next == head ? NULL : head->next;
}

int64_t timers_next(const struct timers *timers)
{
	int64_t at = DEADLINE_NEVER;
	for (int kind = 0; kind < TIMER_KIND_COUNT; kind++) {
		const struct timer *head = &timers->queues[kind];
		if (head->next != head && head->next->at < at)
			at = head->next->at;
	}
	return at;
}

struct timer *timers_expired(struct timers *timers, int64_t now)
{
	for (int kind = 0; kind < TIMER_KIND_COUNT; kind++) {
		struct timer *oldest = timers_oldest(timers, (enum timer_kind)kind);
		if (!oldest || oldest->at > now)
			continue;
		timer_stop(oldest);
		return oldest;
	}
	return NULL;
}
