#include "http/curl.h"

#include "base/cleanup.h"
#include "os/library.h"

static const char *const files[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4",
				    NULL};

static const struct library_function functions[] = {
    {"curl_easy_init", offsetof(struct curl_lib, easy_init)},
    {"curl_easy_setopt", offsetof(struct curl_lib, easy_setopt)},
    {"curl_easy_perform", offsetof(struct curl_lib, easy_perform)},
    {"curl_easy_getinfo", offsetof(struct curl_lib, easy_getinfo)},
    {"curl_easy_strerror", offsetof(struct curl_lib, easy_strerror)},
    {"curl_easy_reset", offsetof(struct curl_lib, easy_reset)},
    {"curl_version_info", offsetof(struct curl_lib, version_info)},
    {"curl_easy_cleanup", offsetof(struct curl_lib, easy_cleanup)},
    {"curl_slist_append", offsetof(struct curl_lib, slist_append)},
    {"curl_slist_free_all", offsetof(struct curl_lib, slist_free_all)},
    {"curl_easy_send", offsetof(struct curl_lib, easy_send)},
    {"curl_easy_recv", offsetof(struct curl_lib, easy_recv)},
};

static struct library library = {
    .files = files,
    .functions = functions,
    .function_count = ARRAY_SIZE(functions),
    .kind = PROBLEM_FAILED,
    .missing = "requests over HTTP need libcurl (Debian: apt install libcurl4)",
};

const struct curl_lib *curl_lib(struct sa_error *err)
{
	static struct curl_lib lib;
	return library_load(&library, &lib, err) < 0 ? NULL : &lib;
}
