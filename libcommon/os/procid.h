/*
 * The identity of a process: a pid is believed only together with its start
 * time and the boot it belongs to, because pids are used again.
 */
#ifndef SA_OS_PROCID_H
#define SA_OS_PROCID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { BOOT_ID_BYTES = 37 }; /* a UUID and its NUL */

struct procid {
	pid_t pid;
	uint64_t start; /* clock ticks after boot, proc(5) starttime */
};

/* Identity of pid as it is now. false when there is no such process (zombies do not count). */
bool procid_of(pid_t pid, struct procid *ret);
/* Is this very process still there? */
bool procid_is_alive(struct procid id);
/* The kernel's boot id; empty when unknown. out has BOOT_ID_BYTES. */
void procid_boot_id(char *out);

#endif
