#include "process/log.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- segments ------------------------------------------------------------------- */

struct indexes {
	uint32_t *items;
	size_t count;
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The segments that are there, oldest first. */
static int list_segments(int dir_fd, struct indexes *ret, struct sa_error *err)
{
	size_t room = 0;
	*ret = (struct indexes){NULL, 0};
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "list the log");
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		uint32_t index = log_segment_index(entry->d_name);
		if (!index)
			continue;
		if (ret->count == room) {
			room = room ? room * 2 : 16;
			ret->items = xreallocarray(ret->items, room, sizeof(*ret->items));
		}
		ret->items[ret->count++] = index;
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_number);
	return 0;
}

static int open_segment(int dir_fd, uint32_t index, struct log_head *ret)
{
	char name[LOG_NAME_BYTES], head[LOG_HEAD_BYTES];
	log_segment_name(index, name);
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = pread(fd, head, sizeof(head), 0);
	if (n == (ssize_t)sizeof(head) &&
	    log_parse_head((struct span){head, sizeof(head)}, ret) == 0)
		return fd;
	close(fd);
	return -1;
}

/* --- the reader ------------------------------------------------------------------- */

static void enter(struct log_reader *r, int fd, uint32_t index, const struct log_head *head)
{
	if (r->fd >= 0)
		close(r->fd);
	if (head->first_sequence > r->next.next_sequence) {
		r->lost_entries += head->first_sequence - r->next.next_sequence;
		if (head->first_offset > r->next.offset)
			r->lost_bytes += head->first_offset - r->next.offset;
	}
	r->fd = fd;
	r->index = index;
	r->base_time_ms = head->base_time_ms;
	r->next = (struct log_end){head->first_sequence, head->first_offset};
	r->position = LOG_HEAD_BYTES;
	r->have = r->done = 0;
	r->is_at_last = r->is_at_end = false;
}

/* The oldest segment above r->index. 1, 0 when there is none, -1. */
static int enter_next(struct log_reader *r, struct sa_error *err)
{
	struct log_head head;
	int fd = open_segment(r->dir_fd, r->index + 1, &head);
	if (fd >= 0) {
		enter(r, fd, r->index + 1, &head);
		return 1;
	}
	struct indexes list;
	if (list_segments(r->dir_fd, &list, err) < 0)
		return -1;
	int found = 0;
	for (size_t i = 0; i < list.count && !found; i++) {
		if (list.items[i] <= r->index)
			continue;
		fd = open_segment(r->dir_fd, list.items[i], &head);
		if (fd < 0)
			continue;
		enter(r, fd, list.items[i], &head);
		found = 1;
	}
	free(list.items);
	return found;
}

/* The newest segment that begins at or before this entry, else the oldest. */
static void enter_near(struct log_reader *r, uint64_t sequence)
{
	struct indexes list;
	struct sa_error ignored;
	if (list_segments(r->dir_fd, &list, &ignored) < 0)
		return;
	for (size_t i = list.count; i-- > 0;) {
		struct log_head head;
		int fd = open_segment(r->dir_fd, list.items[i], &head);
		if (fd < 0)
			continue;
		if (head.first_sequence <= sequence) {
			r->next = (struct log_end){head.first_sequence, head.first_offset};
			enter(r, fd, list.items[i], &head);
			break;
		}
		close(fd);
	}
	free(list.items);
}

static bool fill(struct log_reader *r)
{
	memmove(r->chunk, r->chunk + r->done, r->have - r->done);
	r->have -= r->done;
	r->done = 0;
	/* A second look at the end would only find it again: each look is a system call. */
	bool is_known = r->is_at_end;
	r->is_at_end = false;
	if (is_known)
		return false;
	ssize_t n;
	do
		n = pread(r->fd, r->chunk + r->have, LOG_READ_BYTES - r->have, r->position);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	r->is_at_end = (size_t)n < LOG_READ_BYTES - r->have;
	r->have += (size_t)n;
	r->position += n;
	return true;
}

static int next_entry(struct log_reader *r, struct log_entry *ret, struct sa_error *err)
{
	for (;;) {
		size_t used = 0;
		if (r->fd < 0 || r->is_at_last) {
			int rc = enter_next(r, err);
			if (rc <= 0)
				return rc;
		}
		struct span rest = {r->chunk + r->done, r->have - r->done};
		switch (log_parse_entry(rest, ret, &used)) {
		case LOG_PARSED:
			ret->sequence = r->next.next_sequence++;
			ret->offset = r->next.offset;
			ret->time_ms += r->base_time_ms;
			r->next.offset += ret->data.n;
			r->done += used;
			return 1;
		case LOG_PARTIAL:
			if (!fill(r))
				return 0;
			break;
		case LOG_LAST:
		case LOG_DAMAGED: /* what follows in this segment cannot be found any more */
			r->is_at_last = true;
			break;
		}
	}
}

void log_reader_init(struct log_reader *r, int dir_fd, uint64_t after)
{
	*r = (struct log_reader){
	    .dir_fd = dir_fd,
	    .fd = -1,
	    .next = {.next_sequence = 1, .offset = 0},
	    .chunk = xmalloc(LOG_READ_BYTES),
	};
	struct log_entry entry;
	struct sa_error ignored = SA_ERROR_INIT;
	if (after == 0) {
		/* What is gone already is not lost to us. */
		if (enter_next(r, &ignored) == 1)
			r->lost_entries = r->lost_bytes = 0;
		return;
	}
	enter_near(r, after + 1);
	while (r->fd >= 0 && r->next.next_sequence <= after && next_entry(r, &entry, &ignored) == 1)
		continue;
	if (r->fd < 0)
		enter_next(r, &ignored);
	r->lost_entries = r->lost_bytes = 0;
}

void log_reader_free(struct log_reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	free(r->chunk);
	r->chunk = NULL;
}

int log_reader_next(struct log_reader *r, struct log_entry *ret, struct sa_error *err)
{
	return next_entry(r, ret, err);
}

void log_reader_refresh(struct log_reader *r)
{
	r->is_at_end = false;
}

int log_find_end(int dir_fd, struct log_end *ret, struct sa_error *err)
{
	cleanup_log_reader struct log_reader r;
	struct log_entry entry;
	log_reader_init(&r, dir_fd, UINT64_MAX - 1);
	int rc;
	while ((rc = next_entry(&r, &entry, err)) == 1)
		continue;
	if (rc == 0)
		*ret = r.next;
	return rc;
}

void log_remove(int dir_fd)
{
	struct indexes list;
	struct sa_error ignored;
	if (list_segments(dir_fd, &list, &ignored) < 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		char name[LOG_NAME_BYTES];
		log_segment_name(list.items[i], name);
		unlinkat(dir_fd, name, 0);
	}
	free(list.items);
}
