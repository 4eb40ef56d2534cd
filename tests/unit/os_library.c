/* A library that is there, one that is not, one that lacks a function. */
#include "base/cleanup.h"
#include "os/library.h"
#include "tap.h"

#include <string.h>

struct table {
	size_t (*length)(const char *);
};

static struct library wanting(const char *const *files, const struct library_function *function)
{
	return (struct library){
	    .files = files,
	    .functions = function,
	    .function_count = 1,
	    .kind = PROBLEM_STORE_ERROR,
	    .missing = "this needs libsomething",
	};
}

int main(void)
{
	static const char *const files[] = {"libsa-is-not-there.so.1", "libc.so.6", NULL};
	static const char *const absent[] = {"libsa-is-not-there.so.1", NULL};
	static const struct library_function length = {"strlen", offsetof(struct table, length)};
	static const struct library_function unknown = {"sa_is_no_function", 0};
	struct table table = {0};
	struct sa_error err = SA_ERROR_INIT;

	struct library lib = wanting(files, &length);
	ok(library_load(&lib, &table, &err) == 0 && table.length("four") == 4,
	   "the first file that is there is taken");
	struct table none = {0};
	ok(library_load(&lib, &none, &err) == 0 && !none.length, "... and loaded once");

	lib = wanting(absent, &length);
	ok(library_load(&lib, &none, &err) < 0 && err.kind == PROBLEM_STORE_ERROR && !lib.is_loaded,
	   "no such file is an error of the caller's kind");
	ok(strstr(err.message, "this needs libsomething: libsa-is-not-there.so.1"),
	   "... that says what is needed and what was looked for");

	err = SA_ERROR_INIT;
	lib = wanting(files, &unknown);
	ok(library_load(&lib, &none, &err) < 0 && strstr(err.message, "sa_is_no_function"),
	   "a function that is not in it is named");
	return done_testing();
}
