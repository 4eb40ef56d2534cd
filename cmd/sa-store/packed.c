#include "packed.h"

#include "base/cleanup.h"
#include "os/io.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 * 1024 };

static int archive_fail(struct archive *a, const char *what, struct sa_error *err)
{
	const char *text = archive_error_string(a);
	return error_set(err, PROBLEM_FAILED, "%s: %s", what, text ? text : "failed");
}

int packed_out_open(struct packed_out *out, int fd, bool is_plain, struct sa_error *err)
{
	*out = (struct packed_out){.fd = fd};
	if (sodium_init() < 0)
		return error_set(err, PROBLEM_BUG, "libsodium does not start");
	crypto_hash_sha256_init(&out->hash);
	if (is_plain)
		return 0;
	out->archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, "bundle");
	archive_entry_set_filetype(entry, AE_IFREG);
	/* A pipe would get the last block padded otherwise. */
	archive_write_set_bytes_in_last_block(out->archive, 1);
	int rc = archive_write_set_format_raw(out->archive);
	if (rc == ARCHIVE_OK)
		rc = archive_write_add_filter_zstd(out->archive);
	if (rc == ARCHIVE_OK)
		rc = archive_write_open_fd(out->archive, fd);
	if (rc == ARCHIVE_OK)
		rc = archive_write_header(out->archive, entry);
	archive_entry_free(entry);
	return rc == ARCHIVE_OK ? 0 : archive_fail(out->archive, "compress", err);
}

int packed_out_line(struct packed_out *out, struct span line, struct sa_error *err)
{
	crypto_hash_sha256_update(&out->hash, (const unsigned char *)line.p, line.n);
	out->lines++;
	if (!out->archive)
		return io_write_all(out->fd, line) == 0
			   ? 0
			   : error_set_errno(err, PROBLEM_FAILED, errno, "write the bundle");
	return archive_write_data(out->archive, line.p, line.n) == (la_ssize_t)line.n
		   ? 0
		   : archive_fail(out->archive, "write the bundle", err);
}

void packed_out_digest(const struct packed_out *out, char *hex)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state = out->hash;
	crypto_hash_sha256_final(&state, digest);
	sodium_bin2hex(hex, crypto_hash_sha256_BYTES * 2 + 1, digest, sizeof(digest));
}

int packed_out_close(struct packed_out *out, struct sa_error *err)
{
	if (!out->archive)
		return 0;
	int rc = archive_write_close(out->archive) == ARCHIVE_OK
		     ? 0
		     : archive_fail(out->archive, "write the bundle", err);
	archive_write_free(out->archive);
	out->archive = NULL;
	return rc;
}

static int open_unnamed(struct sa_error *err)
{
	const char *folder = getenv("TMPDIR");
	int fd = open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		error_set_errno(err, PROBLEM_FAILED, errno, "make a temporary file");
	return fd;
}

/* Copy the one entry to fd, at most most_bytes: a small file may unpack to anything. */
static int copy_data(struct archive *a, int fd, const char *what, uint64_t most_bytes,
		     struct sa_error *err)
{
	char block[BLOCK_BYTES];
	uint64_t total = 0;
	for (;;) {
		la_ssize_t n = archive_read_data(a, block, sizeof(block));
		if (n == 0)
			return 0;
		if (n < 0)
			return archive_fail(a, what, err);
		total += (uint64_t)n;
		if (total > most_bytes)
			return error_set(err, PROBLEM_TOO_LARGE,
					 "%s unpacks to more than %llu bytes", what,
					 (unsigned long long)most_bytes);
		if (io_write_all(fd, (struct span){block, (size_t)n}) < 0)
			return error_set_errno(err, PROBLEM_FAILED, errno,
					       "write a temporary file");
	}
}

int packed_in_unpack(int fd, const char *what, uint64_t most_bytes, struct sa_error *err)
{
	cleanup_close int out = open_unnamed(err);
	struct archive_entry *entry;
	if (out < 0)
		return -1;
	struct archive *a = archive_read_new();
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	int rc = archive_read_open_fd(a, fd, BLOCK_BYTES);
	if (rc == ARCHIVE_OK)
		rc = archive_read_next_header(a, &entry);
	if (rc == ARCHIVE_EOF)
		rc = 0;
	else
		rc = rc == ARCHIVE_OK ? copy_data(a, out, what, most_bytes, err)
				      : archive_fail(a, what, err);
	archive_read_free(a);
	if (rc < 0 || lseek(out, 0, SEEK_SET) < 0)
		return -1;
	return TAKE_FD(out);
}
