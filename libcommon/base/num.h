/* Numbers out of text, all of the text or nothing. */
#ifndef SA_BASE_NUM_H
#define SA_BASE_NUM_H

#include "base/span.h"

#include <stdint.h>

/* Decimal digits only, no sign, no space, at most max. 0, or -1. */
int num_parse_u64(struct span text, uint64_t max, uint64_t *ret_value);
/* An optional '-' and digits within [min, max]. 0, or -1. */
int num_parse_i64(struct span text, int64_t min, int64_t max, int64_t *ret_value);
/* "500ms", "30s", "10m", "2h", "1d"; a bare number is seconds; "0" and "off" are 0. 0, or -1. */
int num_parse_duration_ms(struct span text, int64_t *ret_ms);
/* "4096", "64K", "64M", "1G" (powers of 1024). 0, or -1. */
int num_parse_size(struct span text, uint64_t *ret_bytes);

#endif
