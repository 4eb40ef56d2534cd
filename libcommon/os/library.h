/*
 * A shared library that is loaded when it is first needed: linked, it would
 * cost every start of a command what only a few of its uses need.
 */
#ifndef SA_OS_LIBRARY_H
#define SA_OS_LIBRARY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct library_function {
	const char *name;
	size_t offset; /* of its pointer in the caller's table */
};

struct library {
	const char *const *files; /* the sonames that will do, the best first; NULL ends them */
	const struct library_function *functions;
	size_t function_count;
	enum problem_kind kind; /* of the error when it cannot be had */
	const char *missing;	/* what to tell then, with the way out */
	bool is_loaded;
};

/* Fill the caller's table with the library's functions; once for the process, later calls cost
 * nothing. 0, or -1 with error: no such file, or one of the functions is not in it. Neither is
 * then in the table for use. (dlopen(3), POSIX) */
int library_load(struct library *lib, void *ret_table, struct sa_error *err);

#endif
