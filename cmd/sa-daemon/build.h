/* Which build of the server would be started, and where it is. */
#ifndef SA_BUILD_H
#define SA_BUILD_H

#include "base/error.h"

/* Path of sa-serve and "VERSION-TIME" with its modification time in nanoseconds, both owned by
 * the caller. 0, or -1 with PROBLEM_NOT_FOUND. */
int build_find(char **ret_path, char **ret_build, struct sa_error *err);

#endif
