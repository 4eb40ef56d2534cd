/* Which route a request means, and what its path and query say. */
#ifndef SA_SERVE_MATCH_H
#define SA_SERVE_MATCH_H

#include "base/buf.h"
#include "base/error.h"
#include "http/request.h"
#include "routes.h"

enum match {
	MATCH_FOUND,
	MATCH_NO_PATH,
	MATCH_NO_METHOD, /* the path is known; ret_route is one of its rows */
};

/* Paths are exact and case counts. HEAD is what GET is. */
enum match match_route(const struct http_request *r, const struct route **ret_route);
/* "GET, HEAD, POST, OPTIONS": what the path of a known route takes. */
void match_allow(const struct http_request *r, struct buf *b);
/*
 * Append captures and query parameters as JSON members, decoded. 0, or -1
 * with PROBLEM_INVALID_REQUEST: a broken escape, not UTF-8, a parameter
 * twice, too many.
 */
int match_params(const struct route *route, const struct http_request *r, struct buf *b,
		 struct sa_error *err);
/* Append the headers that the route wants as JSON members. */
void match_headers(const struct route *route, const struct http_request *r, struct buf *b);
/* The value of a member in what the two functions above have appended (caller frees), or NULL. */
char *match_member(const struct buf *members, const char *name);
/*
 * The route's words with their parameters (words_free); its absent ones
 * left out. extra is put behind the second word; it may be empty.
 */
char **match_words(const struct route *route, const struct buf *params, const struct buf *headers,
		   const char *const *extra);

#endif
