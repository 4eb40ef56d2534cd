#include "idset.h"

#include "base/xalloc.h"

#include <stdint.h>
#include <stdlib.h>

/* Where it is, or the free place where it would be. */
static size_t find(const struct idset *set, dev_t dev, ino_t ino)
{
	size_t i = (size_t)(((uint64_t)ino ^ (uint64_t)dev << 32) * 0x9e3779b97f4a7c15u >> 20);
	for (i &= set->room - 1; set->slots[i].ino; i = (i + 1) & (set->room - 1))
		if (set->slots[i].ino == ino && set->slots[i].dev == dev)
			break;
	return i;
}

bool idset_has(const struct idset *set, const struct stat *st)
{
	return set->room && set->slots[find(set, st->st_dev, st->st_ino)].ino;
}

void idset_add(struct idset *set, const struct stat *st)
{
	if (set->count * 2 >= set->room) {
		struct idset bigger = {.room = set->room ? set->room * 2 : 256};
		bigger.slots = xcalloc(bigger.room, sizeof(*bigger.slots));
		for (size_t i = 0; i < set->room; i++)
			if (set->slots[i].ino)
				bigger.slots[find(&bigger, set->slots[i].dev, set->slots[i].ino)] =
				    set->slots[i];
		bigger.count = set->count;
		free(set->slots);
		*set = bigger;
	}
	size_t i = find(set, st->st_dev, st->st_ino);
	set->count += set->slots[i].ino == 0;
	set->slots[i].dev = st->st_dev;
	set->slots[i].ino = st->st_ino;
}

void idset_free(struct idset *set)
{
	free(set->slots);
	*set = IDSET_INIT;
}
