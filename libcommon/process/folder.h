/*
 * Where managed processes are kept: a folder each, named by its id, below
 * the state directory's "processes":
 *
 *   proc_7/status.json  the record (record.h); written by its supervisor,
 *                       and at the end by whoever finds that one dead
 *   proc_7/log.*        its output (log.h)
 *   proc_7/sock         its supervisor, while it lives
 *   running/proc_7      it counts as running: its supervisor's pid, start time, boot
 *   next, lock          the next number; who makes or removes holds the lock
 *   config.json         limits (config.h)
 */
#ifndef SA_PROCESS_FOLDER_H
#define SA_PROCESS_FOLDER_H

#include "base/error.h"
#include "process/config.h"
#include "process/record.h"

#include <stdbool.h>
#include <stddef.h>

#define FOLDER_SOCKET "sock"

struct folder {
	char *path;
	int fd; /* -1: not open */
};
#define FOLDER_INIT ((struct folder){.fd = -1})

/* Open the folder of all processes; it is made if need be. 0, or -1. */
int folder_open(struct folder *folder, struct sa_error *err);
void folder_close(struct folder *folder);
#define cleanup_folder __attribute__((cleanup(folder_close)))

/*
 * A new id and its folder, opened, claimed by this process. PROBLEM_CONFLICT when as many processes
 * run as the limits allow. Records of exited ones beyond the limit go, the
 * oldest first. 0, or -1.
 */
int folder_claim(struct folder *folder, const struct process_config *config, char **ret_id,
		 int *ret_fd, struct sa_error *err);
/* Give a claimed folder back: the process never was. */
void folder_abandon(struct folder *folder, const char *id);
/* It counts as running no longer. */
void folder_leave(struct folder *folder, const char *id);

/* Put the record where readers find it, at once or not at all. 0, or -1. */
int folder_write(int process_fd, const struct process *process, struct sa_error *err);
/*
 * The record of one. When it says "running" but its supervisor is dead, the
 * rest of its tree is ended and the record corrected. 0; -1 with
 * PROBLEM_NOT_FOUND and others.
 */
int folder_read(struct folder *folder, const char *id, struct process *ret, struct sa_error *err);
/* The folder of one, opened; -1 with PROBLEM_NOT_FOUND. */
int folder_open_process(const struct folder *folder, const char *id, struct sa_error *err);
/* Its path; the caller frees. */
char *folder_path(const struct folder *folder, const char *id);
/* Forget an exited one, log and all; PROBLEM_CONFLICT while it runs. 0, or -1. */
int folder_remove(struct folder *folder, const char *id, struct sa_error *err);

/* The ids there are, or only those that count as running, in the order they were made. */
struct folder_ids {
	char **items;
	size_t count;
};
int folder_list(const struct folder *folder, bool only_running, struct folder_ids *ret,
		struct sa_error *err);
void folder_ids_free(struct folder_ids *ids);

#endif
