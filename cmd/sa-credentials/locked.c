#include "locked.h"

#include <sodium.h>
#include <stdlib.h>

int crypto_start(struct sa_error *err)
{
	return sodium_init() < 0 ? error_set(err, PROBLEM_FAILED, "libsodium does not start") : 0;
}

struct buf locked_new(size_t max)
{
	struct buf b = {.data = sodium_malloc(max + 1), .cap = max + 1, .max = max};
	if (!b.data)
		abort();
	b.data[0] = '\0';
	return b;
}

void locked_free(struct buf *b)
{
	sodium_free(b->data);
	*b = BUF_INIT(0);
}
