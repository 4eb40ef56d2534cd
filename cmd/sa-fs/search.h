/* Names and lines in a tree, in the order of the names. */
#ifndef SA_FS_SEARCH_H
#define SA_FS_SEARCH_H

#include "base/span.h"
#include "place.h"

#include <regex.h>
#include <stdint.h>

enum {
	SEARCH_LINE_BYTES = 1 << 20, /* longer lines are passed over */
	SEARCH_TEXT_BYTES = 512,     /* of a line that is shown */
	SEARCH_BINARY_BYTES = 8192,  /* a NUL in the first so many: not searched */
	SEARCH_DEFAULT_LIMIT = 10000,
};

struct search {
	const char *name; /* a pattern (glob.h) for the name, or with "/" for the path; NULL: all */
	const char *content;  /* text in a line; NULL: names only */
	const regex_t *regex; /* instead of content */
	bool is_hidden;	      /* what begins with "." as well */
	uint64_t limit;	      /* matches */
};

/* A match: line 0 for a name, else from 1; column in bytes from 1. Not 0 ends the search with it.
 */
typedef int search_fn(const char *path, bool is_directory, uint64_t line, uint64_t column,
		      struct span text, void *arg, struct sa_error *err);

/* Search below place. *ret_is_cut: the limit was reached. What cannot be read is passed over and
 * counted. 0, -1, or fn's result. */
int search_tree(const struct fs *fs, const struct place *place, const struct search *search,
		search_fn *fn, void *arg, bool *ret_is_cut, uint64_t *ret_unread,
		struct sa_error *err);

#endif
