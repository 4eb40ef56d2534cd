/*
 * What the fields of a parsed head mean for the connection: how long the
 * body is (RFC 9112 6), whether the connection goes on (9.3), upgrade
 * (RFC 9110 7.8) and expectation (10.1.1).
 *
 *   Content-Length  Transfer-Encoding   HTTP/1.1             HTTP/1.0
 *   none            none                no body              no body
 *   digits          none                that many bytes      that many bytes
 *   other, twice    any                 400                  400
 *   overflowing     none                413                  413
 *   any             any                 400                  400
 *   none            chunked             chunks               400
 *   none            x, chunked          501                  400
 *   none            other, twice        400                  400
 */
#ifndef SA_HTTP_FRAMING_H
#define SA_HTTP_FRAMING_H

#include "http/request.h"

/* Fill r's framing members from its headers, which must have been parsed
 * (singletons once at most). HTTP_OK, or HTTP_BAD with 400, 413, 417 or 501. */
enum http_verdict http_frame(struct http_request *r, struct http_refusal *ret_refusal);

#endif
