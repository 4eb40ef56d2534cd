/*
 * What a parser of outside bytes says, and why it says no. All parsers in
 * this folder are pure functions over the bytes they are given: the same
 * bytes yield the same verdict however they were cut on their way here.
 */
#ifndef SA_HTTP_VERDICT_H
#define SA_HTTP_VERDICT_H

enum http_verdict {
	HTTP_MORE, /* right so far: come back with more bytes */
	HTTP_DATA, /* a piece of a body; there may be more (chunked.h only) */
	HTTP_OK,   /* complete */
	HTTP_BAD,  /* refused; struct http_refusal says how to answer */
};

/* The answer to a request that is not served. After one of these the bytes
 * that follow cannot be trusted: answer, then close (RFC 9112 9.6). */
struct http_refusal {
	int status;	 /* 4xx or 5xx */
	const char *why; /* static words for people, no bytes of the peer's in them */
};

/* Fill and return HTTP_BAD, so that "return http_refuse(...)" reads well. */
static inline enum http_verdict http_refuse(struct http_refusal *refusal, int status,
					    const char *why)
{
	*refusal = (struct http_refusal){status, why};
	return HTTP_BAD;
}

#endif
