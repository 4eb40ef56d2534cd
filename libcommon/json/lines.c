#include "json/lines.h"

void lines_init(struct lines *l, size_t limit_bytes)
{
	*l = (struct lines){.limit = limit_bytes};
	buf_init(&l->pending, limit_bytes > LINES_HEAD_BYTES ? limit_bytes : LINES_HEAD_BYTES);
}

void lines_free(struct lines *l)
{
	buf_free(&l->pending);
}

void lines_feed(struct lines *l, struct span chunk)
{
	l->chunk = chunk;
}

static void drop_given(struct lines *l)
{
	if (!l->is_pending_given)
		return;
	buf_clear(&l->pending);
	buf_shrink(&l->pending);
	l->is_pending_given = false;
}

/* Of a line that has become too long, keep the first LINES_HEAD_BYTES only. */
static void skip(struct lines *l, struct span part)
{
	if (!l->is_skipping)
		l->skipped_bytes = l->pending.len;
	l->is_skipping = true;
	l->skipped_bytes += part.n;
	size_t kept = l->pending.len < LINES_HEAD_BYTES ? l->pending.len : LINES_HEAD_BYTES;
	size_t room = LINES_HEAD_BYTES - kept;
	l->pending.len = kept;
	buf_add(&l->pending, part.p, part.n < room ? part.n : room);
	buf_shrink(&l->pending);
}

static enum lines_result give_pending(struct lines *l, struct span *ret_line)
{
	bool was_skipping = l->is_skipping;
	l->is_skipping = false;
	l->is_pending_given = true;
	*ret_line = buf_span(&l->pending);
	return was_skipping ? LINES_TOO_LONG : LINES_LINE;
}

enum lines_result lines_next(struct lines *l, struct span *ret_line)
{
	drop_given(l);
	if (l->chunk.n == 0)
		return LINES_MORE;
	const char *newline = memchr(l->chunk.p, '\n', l->chunk.n);
	struct span part = {l->chunk.p, newline ? (size_t)(newline - l->chunk.p) : l->chunk.n};
	size_t used = part.n + (newline ? 1 : 0);
	l->chunk.p += used;
	l->chunk.n -= used;
	if (l->is_skipping || part.n > l->limit || l->pending.len > l->limit - part.n) {
		skip(l, part);
	} else if (newline && l->pending.len == 0) {
		*ret_line = part;
		return LINES_LINE;
	} else {
		buf_add(&l->pending, part.p, part.n);
	}
	return newline ? give_pending(l, ret_line) : LINES_MORE;
}

enum lines_result lines_end(struct lines *l, struct span *ret_line)
{
	drop_given(l);
	if (l->pending.len == 0 && !l->is_skipping)
		return LINES_MORE;
	return give_pending(l, ret_line);
}
