/* One line of /proc/PID/stat, as far as needed (proc(5)). */
#ifndef SA_OS_PROCSTAT_H
#define SA_OS_PROCSTAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct procstat {
	char state; /* R S D Z X ... */
	pid_t ppid;
	pid_t pgid;
	pid_t sid;
	uint64_t start; /* clock ticks after boot */
};

/* false when the process is gone. */
bool procstat_read(pid_t pid, struct procstat *ret);

#endif
