/* ACP content blocks out of files. All append one JSON object. 0, or -1. */
#ifndef SA_SESSION_BLOCK_H
#define SA_SESSION_BLOCK_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

enum { BLOCK_FILE_BYTES = 32 << 20 }; /* one file */

void block_add_text(struct buf *b, struct span text);
/* PNG, JPEG, GIF or WebP, judged by its first bytes. */
int block_add_image(struct buf *b, const char *path, struct sa_error *err);
/* The content as an embedded resource: text if it is UTF-8, else a blob. */
int block_add_file(struct buf *b, const char *path, struct sa_error *err);
/* A resource_link to a file or a URI ("https://..."). */
int block_add_link(struct buf *b, const char *path, struct sa_error *err);

#endif
