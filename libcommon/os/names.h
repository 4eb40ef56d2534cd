/* The names in a folder. */
#ifndef SA_OS_NAMES_H
#define SA_OS_NAMES_H

#include <stddef.h>

struct names {
	char **items;
	size_t count, room;
};
#define NAMES_INIT ((struct names){.items = NULL})
/* All names in an open folder (taken) but "." and "..", sorted by their bytes. 0, or -1 with errno.
 */
int names_read(int dir_fd, struct names *ret);
void names_free(struct names *names);
#define cleanup_names __attribute__((cleanup(names_free)))

#endif
