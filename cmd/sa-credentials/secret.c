#include "secret.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum {
	MASK_WHOLE_BYTES = 8,
	MASK_END_BYTES = 4,
};

static struct rlimit core_before;
static bool is_core_known;

void secret_harden(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (getrlimit(RLIMIT_CORE, &core_before) < 0)
		return;
	is_core_known = true;
	/* The hard limit stays, so that exec can give the soft one back. */
	struct rlimit none = {.rlim_cur = 0, .rlim_max = core_before.rlim_max};
	setrlimit(RLIMIT_CORE, &none);
}

void secret_restore_core(void)
{
	if (is_core_known)
		setrlimit(RLIMIT_CORE, &core_before);
}

void secret_free(char *text)
{
	if (!text)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

void secret_buf_free(struct buf *b)
{
	/* Not the whole capacity: pages that were never touched would be, for nothing. */
	if (b->data)
		explicit_bzero(b->data, b->len);
	buf_free(b);
}

void secret_add_masked(struct buf *b, struct span secret)
{
	if (secret.n <= MASK_WHOLE_BYTES) {
		buf_adds(b, "****");
		return;
	}
	size_t tail = secret.n - MASK_END_BYTES;
	while (tail < secret.n && ((unsigned char)secret.p[tail] & 0xc0) == 0x80)
		tail++;
	buf_add(b, secret.p, utf8_cut(secret, MASK_END_BYTES));
	buf_adds(b, "...");
	buf_add(b, secret.p + tail, secret.n - tail);
}
