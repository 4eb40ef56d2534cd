/* A command as a request's JSON body says it (contract 11.2, 11.3). */
#ifndef SA_PROCESS_SPEC_H
#define SA_PROCESS_SPEC_H

#include "base/error.h"
#include "base/span.h"

#include <stddef.h>

struct spec {
	char **argv; /* NULL-terminated */
	size_t argc;
	char *cwd;  /* NULL: not said */
	char **env; /* NAME=VALUE */
	size_t env_count;
};

/* Members command, args, cwd, env. 0, or -1 with PROBLEM_INVALID_REQUEST. */
int spec_parse(struct span body, struct spec *ret, struct sa_error *err);
void spec_clear(struct spec *spec);
#define cleanup_spec __attribute__((cleanup(spec_clear)))

/* An optional member: *ret stays when absent or null. 0, or -1 with PROBLEM_INVALID_REQUEST. */
int spec_bool(struct span body, const char *name, bool *ret, struct sa_error *err);
int spec_int(struct span body, const char *name, int64_t least, int64_t most, int64_t *ret,
	     struct sa_error *err);

#endif
