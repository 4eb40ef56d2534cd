/*
 * What a client wants to be run: the request on standard input.
 *
 *   {"command":"session","args":["list","--json"],"input":"<base64>","columns":80}
 *
 * Only the commands whose command lines are meant for everybody who has the
 * server's token; an array of words, never a shell.
 */
#ifndef SA_PLAN_H
#define SA_PLAN_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

enum {
	PLAN_WORDS_MAX = 4096,
	PLAN_BYTES_MAX = 128 << 20, /* of the request */
};

struct plan {
	char **argv;	  /* NULL-terminated, owned */
	struct buf input; /* its standard input */
	bool has_ours;	  /* ... is ours instead, however much comes */
	int end_fd;	  /* a byte here says that all of ours has come; -1: its end says it */
	int hold_fd;	  /* the other end of ours, held until then */
	char columns[8];  /* the client's terminal; empty: none */
};

/* The same from the command's name and its words, a JSON array; standard input is ours. */
int plan_of_words(const char *command, const char *args, struct plan *ret, struct sa_error *err);
/* 0; -1: PROBLEM_INVALID_REQUEST. */
int plan_read(struct span request, struct plan *ret, struct sa_error *err);
void plan_clear(struct plan *plan);

#endif
