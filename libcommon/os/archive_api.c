#include "os/archive_api.h"

#include "base/cleanup.h"
#include "os/library.h"

const struct archive_api *archive_api(struct sa_error *err)
{
	static struct archive_api api;
	static const char *const files[] = {"libarchive.so.13", NULL};
	static const struct library_function functions[] = {
#define ARCHIVE_ROW(name) {#name, offsetof(struct archive_api, name)},
	    ARCHIVE_FUNCTIONS(ARCHIVE_ROW)
#undef ARCHIVE_ROW
	};
	static struct library library = {
	    .files = files,
	    .functions = functions,
	    .function_count = ARRAY_SIZE(functions),
	    .kind = PROBLEM_FAILED,
	    .missing = "archives need libarchive (Debian: apt install libarchive13)",
	};
	return library_load(&library, &api, err) < 0 ? NULL : &api;
}
