/*
 * Writing JSON into a buffer. Commas come by themselves: a value that
 * follows another one gets a comma in front. Full buffers are told by
 * buf.is_overflowed, so that a record can be written without a check per
 * member. Strings are escaped as RFC 8259 7 wants; invalid UTF-8 in them
 * becomes U+FFFD.
 */
#ifndef SA_JSON_WRITE_H
#define SA_JSON_WRITE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

void json_open(struct buf *b, char bracket);  /* '{' or '[' */
void json_close(struct buf *b, char bracket); /* '}' or ']' */
void json_key(struct buf *b, const char *key);
void json_add_string(struct buf *b, struct span text);
/* An array of strings; NULL ends the words. */
void json_add_words(struct buf *b, char *const *words);
void json_add_int(struct buf *b, int64_t value);
void json_add_bool(struct buf *b, bool value);
void json_add_null(struct buf *b);
/* A value that is JSON already; white space around it is left out. */
void json_add_raw(struct buf *b, struct span json);

/* The same on one line: CR and LF, which JSON has between values only, become spaces. */
void json_add_raw_line(struct buf *b, struct span json);

/* Member shorthands. A NULL text or a span that is not there writes nothing. */
void json_kv_string(struct buf *b, const char *key, const char *text);
void json_kv_span(struct buf *b, const char *key, struct span text);
void json_kv_int(struct buf *b, const char *key, int64_t value);
void json_kv_bool(struct buf *b, const char *key, bool value);
void json_kv_raw(struct buf *b, const char *key, struct span json);
/* RFC 3339 from Unix milliseconds; 0 writes nothing. */
void json_kv_time(struct buf *b, const char *key, int64_t unix_ms);

#endif
