/* Times: wall clock in Unix milliseconds, deadlines on the monotonic clock. */
#ifndef SA_BASE_CLOCK_H
#define SA_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_TEXT_BYTES = 32 };

int64_t clock_now_ms(void);	  /* Unix time, milliseconds */
int64_t clock_monotonic_ms(void); /* for deadlines and durations only */
/* RFC 3339, UTC, milliseconds: "2026-11-22T10:00:00.123Z". out has CLOCK_TEXT_BYTES. */
void clock_format(int64_t unix_ms, char *out);

/* A point on the monotonic clock, or DEADLINE_NEVER. */
#define DEADLINE_NEVER INT64_MAX
/* From now on; ms <= 0 means never. */
int64_t deadline_after(int64_t ms);
/* What poll(2) and epoll_wait(2) take: milliseconds left, 0 when passed, -1 for never. */
int deadline_poll_ms(int64_t deadline);

#endif
