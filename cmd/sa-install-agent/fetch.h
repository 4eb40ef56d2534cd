/*
 * Fetching over HTTP with libcurl: proxies and certificates as the
 * environment and npm's configuration name them, retries with growing
 * pauses, resuming where a transfer broke off. An address that begins with
 * https is never left for http, whoever redirects.
 */
#ifndef SA_INSTALL_AGENT_FETCH_H
#define SA_INSTALL_AGENT_FETCH_H

#include "npmrc.h"
#include "progress.h"

#include "base/buf.h"
#include "base/error.h"

enum {
	FETCH_TRIES = 5,	    /* that bring nothing, one after the other */
	FETCH_TRIES_ALL = 50,	    /* of one file */
	FETCH_PAUSE_MS = 500,	    /* before the second try; doubled each time */
	FETCH_PAUSE_MAX_MS = 60000, /* what Retry-After may ask for */
	FETCH_CONNECT_SECONDS = 20,
	FETCH_STALL_SECONDS = 30, /* without a byte */
	FETCH_REDIRECTS = 5,
	FETCH_ETAG_MAX_BYTES = 256,
};
/* The largest file that is downloaded. */
#define FETCH_FILE_MAX_BYTES ((int64_t)2 << 30)

struct curl_lib;

struct fetcher {
	const struct curl_lib *lib; /* NULL: not loaded yet */
	void *curl;
	struct npmrc *rc;
	struct progress *progress; /* NULL: tells nothing */
	struct buf certificates;   /* PEM, when more than the usual ones are wanted */
	bool is_offline;
};
/* rc and progress are borrowed. */
void fetcher_init(struct fetcher *fetcher, struct npmrc *rc, struct progress *progress,
		  bool is_offline);
void fetcher_free(struct fetcher *fetcher);

struct fetch_text {
	const char *accept;		 /* media type, or NULL */
	const char *if_none_match;	 /* ETag of the copy at hand, or NULL */
	bool has_login;			 /* npm's tokens go along where they belong */
	int status;			 /* out: 200, 304, 404, ... */
	char etag[FETCH_ETAG_MAX_BYTES]; /* out; empty: none */
};
/* Read a document into body, at most its ceiling. 0 with an HTTP status below 500 in fetch->status;
 * -1 with PROBLEM_INSTALL_FAILED. */
int fetch_text(struct fetcher *fetcher, const char *url, struct fetch_text *fetch, struct buf *body,
	       struct sa_error *err);
/* Write a file into fd, which may hold its beginning already. 0, or -1; what came stays in fd. */
int fetch_file(struct fetcher *fetcher, const char *url, bool has_login, int fd,
	       struct sa_error *err);
/* Is url one that may be fetched without a digest known beforehand: https, or this machine? */
bool fetch_is_private(const char *url);

#endif
