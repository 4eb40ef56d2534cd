/*
 * Is a request's Host or Origin one of ours? A page of any site can make a
 * browser send requests to a loopback port: by name, after that name has
 * been pointed at 127.0.0.1 (DNS rebinding: Host is foreign), or directly
 * (Origin is foreign). Local are "localhost", 127.0.0.0/8 in plain dotted
 * form and [::1], each with any port; more by a list of the user's.
 */
#ifndef SA_HTTP_ORIGIN_H
#define SA_HTTP_ORIGIN_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the user allows beside the local ones; borrowed, count may be 0. An
 * entry is a host ("box.example", any port), a host with its port
 * ("box.example:2468"), or for Origin alone a whole origin
 * ("https://box.example"). Compared without case.
 */
struct http_allowed {
	const char *const *entries;
	size_t count;
};

/* host as http_parse_authority() gives it. */
bool http_host_is_local(struct span host);
/* A Host value or an authority. An absent or invalid one is not allowed. allowed may be NULL. */
bool http_host_is_allowed(struct span authority, const struct http_allowed *allowed);
/* An Origin value: http or https, local or allowed; "null" and anything else is not (RFC 6454 7).
 */
bool http_origin_is_allowed(struct span origin, const struct http_allowed *allowed);

#endif
