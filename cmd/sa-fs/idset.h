/* A growing set of files, by device and inode. */
#ifndef SA_FS_IDSET_H
#define SA_FS_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct idset {
	struct {
		dev_t dev;
		ino_t ino; /* 0: free */
	} * slots;
	size_t count, room; /* room: 0 or a power of two */
};
#define IDSET_INIT ((struct idset){.slots = NULL})

bool idset_has(const struct idset *set, const struct stat *st);
void idset_add(struct idset *set, const struct stat *st);
void idset_free(struct idset *set);

#endif
