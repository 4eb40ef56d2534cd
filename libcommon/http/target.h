/*
 * Request targets (RFC 9112 3.2) and authorities (RFC 3986 3.2).
 *
 * A target is split, never rewritten: no decoding, no dot segments removed,
 * no slashes merged. It may hold every visible ASCII byte but '#', '<' and
 * '>', and bytes of 0x80 and above: curl and browsers send {, |, " and raw
 * UTF-8 unescaped, and none of them can move the end of the target.
 */
#ifndef SA_HTTP_TARGET_H
#define SA_HTTP_TARGET_H

#include "base/span.h"
#include "http/verdict.h"

enum http_form {
	HTTP_FORM_ORIGIN,   /* /path?query */
	HTTP_FORM_ABSOLUTE, /* http://authority/path?query */
	HTTP_FORM_ASTERISK, /* "*", with OPTIONS only */
};

struct http_target {
	enum http_form form;
	struct span text;      /* as it was sent */
	struct span path;      /* raw; begins with '/', or is "*" */
	struct span query;     /* raw, without '?'; SPAN_NONE when there is no '?' */
	struct span authority; /* of the absolute form; else SPAN_NONE */
};

struct http_authority {
	struct span host; /* as it was sent; an IPv6 address with its brackets */
	int port;	  /* 0-65535; -1 when none was given */
};

/* HTTP_OK, or HTTP_BAD with 400 or 501 (CONNECT). */
enum http_verdict http_parse_target(struct span method, struct span text, struct http_target *ret,
				    struct http_refusal *ret_refusal);

/* "host", "host:port", "[v6]:port". Names hold letters, digits and "-._~" only; no user
 * information, no empty host, no zone. 0, or -1. */
int http_parse_authority(struct span text, struct http_authority *ret);

#endif
