/*
 * The nest: one process between us and all commands that are run without a
 * supervisor of their own. It is their parent and a subreaper, so that what
 * they start stays below it: when a run is over, what it left behind is
 * ended, and when we are killed, everything is. Forking it once, while we
 * are small, costs a run nothing.
 */
#ifndef SA_PROCESS_NEST_H
#define SA_PROCESS_NEST_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The environment of everything that a run starts has both: the nest's tag, and "TAG.SERIAL". */
#define NEST_TAG "SANDBOX_AGENT_NEST_UID"
#define NEST_RUN "SANDBOX_AGENT_RUN_UID"

enum { NEST_TAG_BYTES = 32 };

enum nest_message_type {
	NEST_FAILED, /* number: enum problem_kind; text: why */
	NEST_EXITED, /* number: wait status; nothing of its tree is left */
};

struct nest_message {
	uint32_t serial;
	enum nest_message_type type;
	int number;
	char text[512];
};

/* What to run. */
struct nest_order {
	uint32_t serial; /* never 0 */
	const char *path;
	char *const *argv;
	char *const *env;
	const char *cwd; /* NULL: here */
	int out_fd, err_fd;
};

struct nest {
	int fd; /* SOCK_SEQPACKET, non-blocking; yields struct nest_message; -1: none */
	char tag[NEST_TAG_BYTES];
};
#define NEST_INIT ((struct nest){.fd = -1})

/* Fork it. 0, or -1. */
int nest_fork(struct nest *nest, struct sa_error *err);
/* Start a command; messages follow. The descriptors stay the caller's. 0, or -1. */
int nest_start(const struct nest *nest, const struct nest_order *order, struct sa_error *err);
/* SIGKILL for a run's tree; NEST_EXITED follows. */
void nest_kill(const struct nest *nest, uint32_t serial);
/* Let go of it: it ends with all that it holds. */
void nest_close(struct nest *nest);
/* It was killed: what it held is nobody's, and is found by its tag. */
void nest_bury(struct nest *nest);

#endif
