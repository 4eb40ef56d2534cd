/* Parts of a prompt as Anthropic's content blocks. */
#ifndef CLAUDE_BLOCKS_H
#define CLAUDE_BLOCKS_H

#include "adapter/prompt.h"

/* A prompt_write_fn. */
int blocks_write(struct buf *b, const struct prompt_part *part, struct sa_error *err);

#endif
