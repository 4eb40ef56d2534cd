#include "process/log.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_MAX_ENTRIES = 32 };

static int open_segment(struct log_writer *w, uint32_t index, int *ret_fd)
{
	char name[LOG_NAME_BYTES], head[LOG_HEAD_BYTES];
	log_segment_name(index, name);
	int64_t now = clock_now_ms();
	memcpy(head, LOG_MAGIC, 8);
	memcpy(head + 8, &w->end.next_sequence, 8);
	memcpy(head + 16, &w->end.offset, 8);
	memcpy(head + 24, &now, 8);
	int fd = openat(w->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (write(fd, head, sizeof(head)) != (ssize_t)sizeof(head)) {
		int saved = errno ? errno : EIO;
		close(fd);
		unlinkat(w->dir_fd, name, 0);
		errno = saved;
		return -1;
	}
	w->base_time_ms = now;
	w->size = sizeof(head);
	w->segments[w->segment_count++] =
	    (struct log_segment){index, w->end.next_sequence, w->end.offset};
	*ret_fd = fd;
	return 0;
}

int log_writer_init(struct log_writer *w, int dir_fd, uint64_t limit_bytes, struct sa_error *err)
{
	uint64_t segment = limit_bytes / 8;
	segment = segment < LOG_SEGMENT_LEAST ? LOG_SEGMENT_LEAST : segment;
	*w = (struct log_writer){
	    .dir_fd = dir_fd,
	    .fd = -1,
	    .limit_bytes = limit_bytes,
	    .end = {.next_sequence = 1, .offset = 0},
	    .segment_bytes = segment > LOG_SEGMENT_MOST ? LOG_SEGMENT_MOST : segment,
	};
	buf_init(&w->batch, BATCH_MAX_ENTRIES * (LOG_CHUNK_BYTES + LOG_ENTRY_HEAD_BYTES));
	/* Few and large for a large limit: the table below has LOG_SEGMENTS_MAX rows. */
	if (w->segment_bytes < limit_bytes / (LOG_SEGMENTS_MAX / 4))
		w->segment_bytes = limit_bytes / (LOG_SEGMENTS_MAX / 4);
	if (open_segment(w, 1, &w->fd) < 0)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "begin the log");
	return 0;
}

void log_writer_free(struct log_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	buf_free(&w->batch);
}

size_t log_writer_chunk(const struct log_writer *w)
{
	uint64_t chunk = w->limit_bytes / 8;
	return chunk < 1 ? 1 : chunk > LOG_CHUNK_BYTES ? LOG_CHUNK_BYTES : (size_t)chunk;
}

char *log_writer_room(struct log_writer *w)
{
	if (buf_reserve(&w->batch, LOG_ENTRY_HEAD_BYTES + LOG_CHUNK_BYTES) < 0)
		return NULL;
	return w->batch.data + w->batch.len + LOG_ENTRY_HEAD_BYTES;
}

static void add_head(struct buf *b, uint16_t length, uint8_t stream, uint32_t milliseconds)
{
	char *p = b->data + b->len;
	memcpy(p, &length, 2);
	p[2] = (char)stream;
	p[3] = LOG_MARK;
	memcpy(p + 4, &milliseconds, 4);
}

void log_writer_put(struct log_writer *w, enum log_stream stream, size_t n, int64_t now_ms)
{
	int64_t after = now_ms - w->base_time_ms;
	if (after < 0)
		after = 0;
	add_head(&w->batch, (uint16_t)n, (uint8_t)stream,
		 after > UINT32_MAX ? UINT32_MAX : (uint32_t)after);
	w->batch.len += LOG_ENTRY_HEAD_BYTES + n;
	w->end.next_sequence++;
	w->end.offset += n;
}

/* --- flushing ----------------------------------------------------------------- */

static void drop_oldest(struct log_writer *w)
{
	char name[LOG_NAME_BYTES];
	log_segment_name(w->segments[0].index, name);
	unlinkat(w->dir_fd, name, 0);
	w->segment_count--;
	memmove(w->segments, w->segments + 1, w->segment_count * sizeof(w->segments[0]));
}

/* Unlink segments of which nothing is kept any more; at least one row stays free. */
static void trim(struct log_writer *w)
{
	uint64_t kept = w->limit_bytes < LOG_KEPT_LEAST ? LOG_KEPT_LEAST : w->limit_bytes;
	while (w->segment_count > 1) {
		const struct log_segment *second = &w->segments[1];
		if (w->segment_count < LOG_SEGMENTS_MAX - 1 &&
		    log_is_kept(kept, &w->end, second->first_sequence, second->first_offset))
			return;
		drop_oldest(w);
	}
}

/* All of it, or -1 with errno and what is left in data. On a full disk our oldest output goes. */
static int write_rest(struct log_writer *w, struct buf *data)
{
	while (data->len) {
		ssize_t n = write(w->fd, data->data, data->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT) && w->segment_count > 1) {
			drop_oldest(w);
			continue;
		}
		if (n < 0)
			return -1;
		w->size += (uint64_t)n;
		buf_consume(data, (size_t)n);
	}
	return 0;
}

/* The next segment is there before the last entry of this one says so. */
static int turn_over(struct log_writer *w)
{
	int next, old = w->fd;
	int64_t base_time_ms = w->base_time_ms;
	uint32_t index = w->segments[w->segment_count - 1].index + 1;
	trim(w);
	if (open_segment(w, index, &next) < 0)
		return -1;
	char last[LOG_ENTRY_HEAD_BYTES] = {0, 0, 0, LOG_MARK};
	/* Without it readers stay where they are: take the new one back and try again later. */
	if (write(old, last, sizeof(last)) != (ssize_t)sizeof(last)) {
		int saved = errno ? errno : EIO;
		char name[LOG_NAME_BYTES];
		log_segment_name(index, name);
		unlinkat(w->dir_fd, name, 0);
		w->segment_count--;
		w->size = w->segment_bytes;
		w->base_time_ms = base_time_ms;
		close(next);
		errno = saved;
		return -1;
	}
	close(old);
	w->fd = next;
	return 0;
}

int log_writer_flush(struct log_writer *w)
{
	if (write_rest(w, &w->batch) < 0)
		return -1;
	if (w->size >= w->segment_bytes && turn_over(w) < 0 && errno != ENOSPC && errno != EDQUOT)
		return -1;
	return 0;
}
