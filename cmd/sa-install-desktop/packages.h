/* What a desktop consists of, by package manager. */
#ifndef SA_PACKAGES_H
#define SA_PACKAGES_H

#include "base/buf.h"

#include <stdbool.h>

struct manager {
	const char *name;
	const char *program;	     /* on PATH when this is the machine's */
	const char *const *packages; /* ends with NULL */
	const char *font;
	const char *const *update;  /* argv to run first; NULL: nothing */
	const char *const *install; /* argv before the packages */
};

/* NULL for a name that nobody knows. */
const struct manager *manager_named(const char *name);
/* The one of this machine, or NULL. */
const struct manager *manager_detect(void);
/* argv with the packages, NULL-terminated; the array is the caller's, the strings are not. */
char **manager_argv(const struct manager *manager, bool has_fonts);

#endif
