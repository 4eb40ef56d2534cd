/* Is this JSON (RFC 8259)? Decided in one pass, without recursion. */
#ifndef SA_JSON_CHECK_H
#define SA_JSON_CHECK_H

#include "base/span.h"

#include <stddef.h>

/* Deepest nesting of arrays and objects that is taken as JSON. */
enum { JSON_DEPTH_MAX = 4096 };

/*
 * Is text one JSON value, with white space around it at most? Bytes of 0x80
 * and above inside strings are not judged here (utf8_is_valid does that).
 * 0, or -1 with the offset of the first wrong byte.
 */
int json_check(struct span text, size_t *ret_bad_offset);

#endif
