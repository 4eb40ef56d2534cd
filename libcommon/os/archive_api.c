#include "os/archive_api.h"

#include <dlfcn.h>
#include <stddef.h>

#define SONAME "libarchive.so.13"

const struct archive_api *archive_api(struct sa_error *err)
{
	static struct archive_api api;
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define ARCHIVE_ROW(name) {#name, offsetof(struct archive_api, name)},
	    ARCHIVE_FUNCTIONS(ARCHIVE_ROW)
#undef ARCHIVE_ROW
	};
	void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		error_set(err, PROBLEM_FAILED, "archives need libarchive: %s", dlerror());
		return NULL;
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);
		if (!function) {
			error_set(err, PROBLEM_FAILED, SONAME " has no %s", functions[i].name);
			return NULL;
		}
		*(void **)((char *)&api + functions[i].offset) = function;
	}
	return &api;
}
