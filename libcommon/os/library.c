#include "os/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(struct library *lib, void *ret_table, struct sa_error *err)
{
	if (lib->is_loaded)
		return 0;
	void *found = NULL;
	for (const char *const *file = lib->files; *file && !found; file++)
		found = dlopen(*file, RTLD_NOW | RTLD_LOCAL);
	if (!found)
		return error_set(err, lib->kind, "%s: %s", lib->missing, dlerror());
	for (size_t i = 0; i < lib->function_count; i++) {
		const struct library_function *wanted = &lib->functions[i];
		void *function = dlsym(found, wanted->name);
		if (!function) {
			error_set(err, lib->kind, "%s: %s", lib->missing, dlerror());
			dlclose(found);
			return -1;
		}
		memcpy((char *)ret_table + wanted->offset, &function, sizeof(function));
	}
	lib->is_loaded = true;
	return 0;
}
