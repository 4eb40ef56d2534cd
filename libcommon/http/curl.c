#include "http/curl.h"

#include "base/cleanup.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const files[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"};

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
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

const struct curl_lib *curl_lib(struct sa_error *err)
{
	static struct curl_lib lib;
	static bool is_loaded;
	if (is_loaded)
		return &lib;
	void *handle = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(files) && !handle; i++)
		handle = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		error_set(err, PROBLEM_FAILED, "libcurl is not on this machine (%s)", dlerror());
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(handle, symbols[i].name);
		if (!symbol) {
			error_set(err, PROBLEM_FAILED, "libcurl has no %s", symbols[i].name);
			return NULL;
		}
		memcpy((char *)&lib + symbols[i].offset, &symbol, sizeof(symbol));
	}
	is_loaded = true;
	return &lib;
}
