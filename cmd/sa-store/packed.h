/* Lines out to a file, zstd-compressed unless plain, and back in, whatever the compression. */
#ifndef SA_STORE_PACKED_H
#define SA_STORE_PACKED_H

#include "base/buf.h"
#include "base/error.h"

#include <archive.h>
#include <sodium.h>
#include <stdbool.h>

struct packed_out {
	int fd;			 /* borrowed */
	struct archive *archive; /* NULL: plain */
	crypto_hash_sha256_state hash;
	int64_t lines;
};

int packed_out_open(struct packed_out *out, int fd, bool is_plain, struct sa_error *err);
/* Write line, which ends with a newline; it is counted and hashed. 0, or -1. */
int packed_out_line(struct packed_out *out, struct span line, struct sa_error *err);
/* The hash of all lines so far, in hexadecimal. */
void packed_out_digest(const struct packed_out *out, char *hex /* 65 bytes */);
/* 0 when everything has reached the file. */
int packed_out_close(struct packed_out *out, struct sa_error *err);

/* Unpack fd whole into a temporary file without a name; its descriptor at the start, or -1. */
int packed_in_unpack(int fd, const char *what, uint64_t most_bytes, struct sa_error *err);

#endif
