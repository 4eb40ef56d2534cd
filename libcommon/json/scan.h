/*
 * Reading JSON in place (RFC 8259). Foreign lines travel as the bytes they
 * came in; this finds values inside them and never copies or rewrites.
 *
 * json_check() decides whether a text is JSON at all. Every function here
 * takes values that passed it (or lie inside one that did) and is total on
 * them; on unchecked bytes it stays inside the span but may find nonsense.
 * A value is a span without surrounding white space. "Not there" is a span
 * with p == NULL, and every accessor accepts that.
 */
#ifndef SA_JSON_SCAN_H
#define SA_JSON_SCAN_H

#include "base/buf.h"
#include "base/span.h"
#include "json/check.h"

#include <stdbool.h>
#include <stdint.h>

enum json_type {
	JSON_NONE, /* no value */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

enum json_type json_type(struct span value);

/*
 * The values of several members of an object in one pass. values[i] belongs
 * to names[i]; absent ones become SPAN_NONE. A name that occurs twice yields
 * its last value, as JSON.parse does. Escaped names are understood.
 */
void json_members(struct span object, const char *const *names, struct span *values, size_t count);
/* One member; SPAN_NONE when absent or when object is no object. */
struct span json_get(struct span object, const char *name);
/* A chain of members: json_path(v, "params.update.content"). Names hold no dot. */
struct span json_path(struct span value, const char *path);

/* Walk through an array or an object, in order. */
struct json_iter {
	const char *p;
	const char *end;
	bool is_object;
};
struct json_iter json_iter(struct span container);
/* false at the end. ret_key is the raw key with its quotes; NULL allowed. */
bool json_next(struct json_iter *it, struct span *ret_key, struct span *ret_value);

/* Append the text of a string value (escapes resolved, lone surrogates and
 * invalid bytes become U+FFFD). 0; -1 when value is no string or b is full. */
int json_string_add(struct buf *b, struct span value);
/* The same as a new C string (caller frees); NULL when value is no string or
 * contains U+0000. */
char *json_string_dup(struct span value);
/* Is value a string with exactly this text? */
bool json_string_is(struct span value, const char *text);
/* The bytes between the quotes when the string has no escapes; else SPAN_NONE. */
struct span json_string_plain(struct span value);
/* An integer value within int64, fractions and exponents excluded. 0, or -1. */
int json_int(struct span value, int64_t *ret_value);
int64_t json_int_or(struct span value, int64_t fallback);
bool json_bool_or(struct span value, bool fallback);
/* A number as a double, for display; fallback when value is no number. */
double json_double_or(struct span value, double fallback);
/* Same JSON scalar: strings by their text, all else by their bytes. */
bool json_scalar_equal(struct span a, struct span b);

#endif
