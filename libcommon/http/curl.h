/*
 * libcurl, loaded when the first request is made: linked it would cost every
 * start of a command, --help and usage errors too, 18 ms and 8 MB. Any flavour
 * of TLS that the machine has will do.
 */
#ifndef SA_HTTP_CURL_H
#define SA_HTTP_CURL_H

#include "base/error.h"

#include <curl/curl.h>

struct curl_lib {
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
	CURLcode (*easy_perform)(CURL *);
	CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
	const char *(*easy_strerror)(CURLcode);
	void (*easy_reset)(CURL *);
	curl_version_info_data *(*version_info)(CURLversion);
	void (*easy_cleanup)(CURL *);
	struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
	void (*slist_free_all)(struct curl_slist *);
	CURLcode (*easy_send)(CURL *, const void *, size_t, size_t *);
	CURLcode (*easy_recv)(CURL *, void *, size_t, size_t *);
};

/* Loaded once for the process. NULL with PROBLEM_FAILED when the machine has none. */
const struct curl_lib *curl_lib(struct sa_error *err);

#endif
