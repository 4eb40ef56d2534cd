/* Shell patterns without surprises: '*', '?' and '[a-z]', '[!a-z]'; a backslash takes the next
 * character as it is. Time grows with pattern times text, never worse. */
#ifndef SA_FS_GLOB_H
#define SA_FS_GLOB_H

#include <stdbool.h>

/* '*' matches '/' too. An open '[' is an ordinary character. */
bool glob_matches(const char *pattern, const char *text);

#endif
