/*
 * {"type":"problem","ref":R,"kind":K,"detail":TEXT}: the line in which a
 * supervisor tells whoever started it or is connected to it that something
 * failed. ref is there when it is about one op.
 */
#ifndef SA_JSON_PROBLEM_H
#define SA_JSON_PROBLEM_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Append the line with its newline. ref: 0 for none. */
void json_add_problem(struct buf *b, int64_t ref, const struct sa_error *problem);
/* Is this line (JSON that was checked) one? Then err has its kind and its words. */
bool json_read_problem(struct span line, struct sa_error *err);

#endif
