/*
 * Who may ask: the token, and foreign pages. A page of any site can make a
 * browser send requests to a loopback port; see http/origin.h.
 */
#ifndef SA_SERVE_GUARD_H
#define SA_SERVE_GUARD_H

#include "conn.h"
#include "http/request.h"
#include "routes.h"

/* A subprotocol that carries the token begins with this. */
#define GUARD_TOKEN_PROTOCOL "sandbox-agent.token."

/*
 * Is the request's Host one of ours (asked only when no token protects
 * us), and its Origin one that may ask this? False: 403 has been answered.
 */
bool guard_admits_site(struct conn *c, const struct http_request *r, const struct route *route);
/* Does it have the token, if one is wanted? False: 401 has been answered. */
bool guard_admits_token(struct conn *c, const struct http_request *r, const struct route *route);
/* May this Origin read answers (CORS)? */
bool guard_shares_with(const struct front *front, struct span origin);

#endif
