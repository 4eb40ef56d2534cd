/*
 * Unified diffs as Codex gives them, hunk by hunk ("@@ -1,3 +1,3 @@" and
 * lines that begin with ' ', '-', '+'), without the file's header.
 */
#ifndef CODEX_HUNK_H
#define CODEX_HUNK_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct hunk {
	int64_t line;	     /* first line in the new file, 0 when the header does not tell */
	struct buf old_text; /* context and removed lines */
	struct buf new_text; /* context and added lines */
};

#define HUNK_INIT ((struct hunk){0, BUF_INIT(BUF_MAX_OWN), BUF_INIT(BUF_MAX_OWN)})
void hunk_free(struct hunk *hunk);
static inline void hunk_free_fn(struct hunk *hunk)
{
	hunk_free(hunk);
}
#define cleanup_hunk __attribute__((cleanup(hunk_free_fn)))

/* Cut the next hunk off the front of *diff. false when there is none. */
bool hunk_next(struct span *diff, struct hunk *ret);

#endif
