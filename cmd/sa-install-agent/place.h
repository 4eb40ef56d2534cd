/*
 * Where installed versions lie, so that a switch from one to the next is one
 * rename and nothing that is in use is overwritten:
 *
 *   <data>/agents/COMPONENT/            one folder each for "claude", "claude-acp", ...
 *     lock                              flock: one installation at a time
 *     VERSION.part                      a download that may be gone on with
 *     new-RANDOM/                       being unpacked; left by a killed one, removed by the next
 *     VERSION-RANDOM/                   a version, whole
 *       .installed.json                 what it is: version, digest, where from
 *       .run                            how it is started, when it is no native program
 *     previous -> VERSION-RANDOM        what was in use before
 *     before-RANDOM                     somebody else's program that the link took the place of
 *   <data>/bin/PROGRAM                  -> ../agents/COMPONENT/VERSION-RANDOM/ENTRY: the switch
 *   <data>/bin/agent_processes/NAME-acp likewise, for adapters
 */
#ifndef SA_INSTALL_AGENT_PLACE_H
#define SA_INSTALL_AGENT_PLACE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

#define PLACE_RECORD ".installed.json"
#define PLACE_RUN ".run"

enum { PLACE_RECORD_MAX_BYTES = 16 << 20 };

struct place {
	char *component;
	char *folder; /* <data>/agents/COMPONENT */
	char *link;   /* the file that is switched */
	int lock_fd;
	char *staging; /* new-RANDOM, while there is one */
	char *random;  /* of it, and of the version that it becomes */
};
#define PLACE_INIT ((struct place){.lock_fd = -1})

/*
 * link_name is relative to <data>/bin. With is_locked wait for the lock,
 * create the folders and remove what a killed installation left; without it
 * nothing is written. 0, or -1.
 */
int place_open(struct place *place, const char *component, const char *link_name, bool is_locked,
	       struct sa_error *err);
/* Lets go of the lock and removes the staging folder if there is one. */
void place_close(struct place *place);
#define cleanup_place __attribute__((cleanup(place_close)))

/* The record of the version in use: JSON in text. 1; 0 when what is there is none of ours; -1. */
int place_current(const struct place *place, struct buf *text, struct sa_error *err);
/* A file that holds the download of this version so far; the caller closes. -1 with err. */
int place_partial(const struct place *place, const char *version, struct sa_error *err);
void place_drop_partial(const struct place *place, const char *version);
/* Make an empty staging folder. 0, or -1. */
int place_stage(struct place *place, struct sa_error *err);
/* Where the staging folder will be once it is the version. The caller frees. */
char *place_final(const struct place *place, const char *version);
/* Write a file into the staging folder. 0, or -1. */
int place_write(struct place *place, const char *name, struct span text, bool is_program,
		struct sa_error *err);
/*
 * Make the staging folder a version, durably, and switch to it. entry is
 * what the link leads to, below the folder. The version in use becomes
 * "previous"; older ones go. 0, or -1 and what was in use still is.
 */
int place_commit(struct place *place, const char *version, const char *entry,
		 struct sa_error *err);
/* Switch to the previous version. 0; -1 with PROBLEM_NOT_FOUND: there is none. */
int place_rollback(struct place *place, struct sa_error *err);
/* Remove all versions and the link; a program that it replaced is put back. 1; 0: nothing was there; -1. */
int place_remove(struct place *place, struct sa_error *err);

#endif
