/* A prompt's content: text, files, images and links as ACP content blocks. */
#ifndef SA_SESSION_INPUT_H
#define SA_SESSION_INPUT_H

#include "base/buf.h"
#include "cli/options.h"
#include "connection.h"

/* The content of one prompt, bytes of JSON; below the supervisor's line limit. */
enum { INPUT_BYTES_MAX = 48 << 20 };

struct input_options {
	struct string_list files; /* text; "-" is standard input */
	bool is_blocks;		  /* the text is JSON: blocks, an array of them, or lines of both */
	struct string_list images;
	struct string_list attachments; /* content of files */
	struct string_list links;	/* files and URIs that the agent may look into itself */
};

/*
 * Append the prompt as a JSON array of content blocks: the operands joined
 * by blanks and the files, else standard input unless that is a terminal;
 * then what is attached. 0, or -1.
 */
int input_read(const struct input_options *options, int argc, char **argv, struct buf *ret,
	       struct sa_error *err);
/* Does the linked agent take such blocks? 0; -1 with PROBLEM_INVALID_REQUEST. */
int input_check(const struct connection *c, struct span blocks, struct sa_error *err);

#endif
