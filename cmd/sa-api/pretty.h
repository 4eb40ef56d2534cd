/* JSON for people: two spaces a level. The values' bytes and the order of members stay. */
#ifndef SA_PRETTY_H
#define SA_PRETTY_H

#include "base/span.h"

#include <stdio.h>

/* json has passed json_check(). A newline follows. */
void pretty_print(FILE *out, struct span json);

#endif
