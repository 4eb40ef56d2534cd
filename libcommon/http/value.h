/* Reading field values: lists, media types, credentials, numbers, dates. */
#ifndef SA_HTTP_VALUE_H
#define SA_HTTP_VALUE_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct http_request;

/* The next member of a comma-separated list, trimmed; empty ones are skipped,
 * commas inside quoted strings do not count (RFC 9110 5.6.1). */
bool http_list_next(struct span *rest, struct span *ret_item);
/* Is token a member of the list, in any case? */
bool http_list_has(struct span list, const char *token);

/* Is a Content-Type this type? Parameters and case do not count (RFC 9110 8.3.1). */
bool http_media_type_is(struct span value, const char *type);
/*
 * Does one Accept value admit this type ("application/json")? Exact,
 * "application/" with a star, or both stars; quality values are ignored (contract 7.1).
 * Not there: yes. Empty: no.
 */
bool http_accept_admits(struct span accept, const char *type);
/* The same for all Accept lines of a request together. */
bool http_request_accepts(const struct http_request *r, const char *type);

/* The token of "Bearer <token>": this case, one space, a token without white
 * space (contract 4). SPAN_NONE when it is anything else. */
struct span http_bearer_token(struct span authorization);
/* Equal, in a time that depends on the length of given alone. An empty or
 * absent secret equals nothing. */
bool http_secret_equal(struct span given, struct span secret);

/* Last-Event-ID: 1 and the number; 0 when absent or empty; -1 when it is no unsigned integer. */
int http_last_event_id(struct span value, uint64_t *ret_id);

enum { HTTP_DATE_BYTES = 48 };
/* IMF-fixdate (RFC 9110 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". out has HTTP_DATE_BYTES. */
void http_format_date(int64_t unix_s, char *out);
/* Any of the three forms that RFC 9110 5.6.7 names, all of it. 0; -1 when it is none. */
int http_parse_date(struct span value, int64_t *ret_unix_s);

#endif
