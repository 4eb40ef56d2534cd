/*
 * The output of one process on disk: numbered entries in segment files
 * "log.0000000001" and so on, in host byte order.
 *
 *   segment = head, entries, at its end an entry of length 0 (there is a next segment)
 *   head    = magic[8] first_sequence[8] first_offset[8] base_time[8]
 *   entry   = length[2] stream[1] mark[1] milliseconds_after_base_time[4] data
 *
 * One process writes (with O_APPEND, whole batches), any number read at
 * their own pace, without locks: a file only grows until its last entry, and
 * an old segment is unlinked, which does not hurt who has it open. The
 * sequence of an entry and its offset (bytes of output before it) follow
 * from the head. Numbers have no gaps; a reader that is too late for a
 * segment sees one and knows how much it missed.
 */
#ifndef SA_PROCESS_LOG_H
#define SA_PROCESS_LOG_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	LOG_CHUNK_BYTES = 8192, /* longest entry */
	LOG_HEAD_BYTES = 32,
	LOG_ENTRY_HEAD_BYTES = 8,
	LOG_READ_BYTES = 64 * 1024, /* a reader's buffer */
	LOG_SEGMENTS_MAX = 64,
	LOG_SEGMENT_LEAST = 64 * 1024,
	LOG_SEGMENT_MOST = 1024 * 1024,
	/* However small the limit: kept on disk for who follows. */
	LOG_KEPT_LEAST = 256 * 1024,
	LOG_NAME_BYTES = 24,
};

#define LOG_MAGIC "SALOG1\n" /* and its NUL: 8 bytes */
#define LOG_MARK ((char)0xA5)

enum log_stream { LOG_STDOUT = 1, LOG_STDERR = 2, LOG_PTY = 3, LOG_STREAM_COUNT };

/* "stdout", "stderr", "pty". */
const char *log_stream_name(enum log_stream stream);

struct log_entry {
	uint64_t sequence; /* from 1 */
	uint64_t offset;   /* bytes of output before it */
	int64_t time_ms;   /* Unix */
	enum log_stream stream;
	struct span data;
};

/* Where a log ends. */
struct log_end {
	uint64_t next_sequence;
	uint64_t offset;
};

/*
 * Is an entry among those that a limit of bytes keeps? The newest ones whose
 * sum is within it; and no more of them than LIMIT/16 + 1024, so that the
 * heads of tiny entries cannot fill the disk either.
 */
bool log_is_kept(uint64_t limit_bytes, const struct log_end *end, uint64_t sequence,
		 uint64_t offset);

/* --- the format, over bytes in memory --------------------------------------------- */

struct log_head {
	uint64_t first_sequence;
	uint64_t first_offset;
	int64_t base_time_ms;
};

enum log_parse {
	LOG_PARSED,
	LOG_PARTIAL, /* more bytes are needed */
	LOG_LAST,    /* the next segment goes on */
	LOG_DAMAGED,
};

/* 0, or -1 when these LOG_HEAD_BYTES are no head. */
int log_parse_head(struct span bytes, struct log_head *ret);
/* The entry at the start of bytes: stream, data, and time as milliseconds after the base time.
 * ret_used: its length with its head. */
enum log_parse log_parse_entry(struct span bytes, struct log_entry *ret, size_t *ret_used);

/* --- writing ------------------------------------------------------------------------ */

struct log_segment {
	uint32_t index;
	uint64_t first_sequence;
	uint64_t first_offset;
};

struct log_writer {
	int dir_fd; /* borrowed */
	int fd;
	uint64_t limit_bytes;
	struct log_end end; /* with what is in the batch */
	uint64_t segment_bytes;
	uint64_t size; /* of the current segment */
	int64_t base_time_ms;
	struct log_segment segments[LOG_SEGMENTS_MAX]; /* oldest first */
	size_t segment_count;
	struct buf batch;
};
#define LOG_WRITER_INIT ((struct log_writer){.dir_fd = -1, .fd = -1})

/* Begin a log in an empty folder. limit_bytes > 0. 0, or -1. */
int log_writer_init(struct log_writer *w, int dir_fd, uint64_t limit_bytes, struct sa_error *err);
void log_writer_free(struct log_writer *w);
/* The longest entry that this log takes: LOG_CHUNK_BYTES, or an eighth of a small limit, because
 * whole entries are kept or not. */
size_t log_writer_chunk(const struct log_writer *w);
/* Room for one entry's data in the batch, log_writer_chunk() bytes; good until the next call. */
char *log_writer_room(struct log_writer *w);
/* What was put there becomes an entry of the batch; n > 0. */
void log_writer_put(struct log_writer *w, enum log_stream stream, size_t n, int64_t now_ms);
/* Write the batch. 0; -1 with errno, and the rest of it stays for another try. */
int log_writer_flush(struct log_writer *w);

/* --- reading ------------------------------------------------------------------------- */

struct log_reader {
	int dir_fd; /* borrowed */
	int fd;	    /* current segment; -1: none yet */
	uint32_t index;
	int64_t base_time_ms;
	struct log_end next;   /* the entry that is due */
	uint64_t lost_entries; /* unlinked before we came to them */
	uint64_t lost_bytes;
	bool is_at_last; /* of the segment */
	bool is_at_end;	 /* the last read got less than it asked for */
	off_t position;
	char *chunk; /* LOG_READ_BYTES */
	size_t have;
	size_t done;
};

/* From the oldest entry that is there, or the first one after `after`. dir_fd is borrowed. */
void log_reader_init(struct log_reader *r, int dir_fd, uint64_t after);
void log_reader_free(struct log_reader *r);
#define cleanup_log_reader __attribute__((cleanup(log_reader_free)))
/* 1 with an entry, valid until the next call; 0: no more for now; -1. */
int log_reader_next(struct log_reader *r, struct log_entry *ret, struct sa_error *err);
/* Something may have been added since the last look, though there was no "no more for now". */
void log_reader_refresh(struct log_reader *r);
/* Where the log in dir_fd ends now. 0, or -1. */
int log_find_end(int dir_fd, struct log_end *ret, struct sa_error *err);
/* Unlink all segments. */
void log_remove(int dir_fd);

/* For the parts of this module: "log.0000000007", and the number of such a name; 0: it is none. */
void log_segment_name(uint32_t index, char *out);
uint32_t log_segment_index(const char *name);

#endif
