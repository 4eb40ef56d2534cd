/*
 * A jq program over a request (libjq, loaded at run time: only who has such
 * a rule pays for it). Compiled once; about 20 ms.
 */
#ifndef SA_POLICY_PROGRAM_H
#define SA_POLICY_PROGRAM_H

#include "base/error.h"
#include "base/span.h"

struct program;

/* NULL with PROBLEM_INVALID_REQUEST when it does not compile, _FAILED without libjq. */
struct program *program_compile(const char *text, struct sa_error *err);
void program_free(struct program *program); /* NULL allowed */
/* Is its first result anything but false and null? 1 or 0; -1 when it failed or had no result. */
int program_run(struct program *program, struct span json);

#endif
