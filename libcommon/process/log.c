#include "process/log.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

enum { PREFIX_BYTES = 4, DIGITS = 10 };

static const char *const names[LOG_STREAM_COUNT] = {NULL, "stdout", "stderr", "pty"};

const char *log_stream_name(enum log_stream stream)
{
	return stream >= LOG_STDOUT && stream < LOG_STREAM_COUNT ? names[stream] : "unknown";
}

bool log_is_kept(uint64_t limit_bytes, const struct log_end *end, uint64_t sequence,
		 uint64_t offset)
{
	return end->offset - offset <= limit_bytes &&
	       end->next_sequence - sequence <= limit_bytes / 16 + 1024;
}

int log_parse_head(struct span bytes, struct log_head *ret)
{
	if (bytes.n < LOG_HEAD_BYTES || memcmp(bytes.p, LOG_MAGIC, sizeof(LOG_MAGIC)) != 0)
		return -1;
	memcpy(&ret->first_sequence, bytes.p + 8, 8);
	memcpy(&ret->first_offset, bytes.p + 16, 8);
	memcpy(&ret->base_time_ms, bytes.p + 24, 8);
	return 0;
}

enum log_parse log_parse_entry(struct span bytes, struct log_entry *ret, size_t *ret_used)
{
	uint16_t length;
	uint32_t milliseconds;
	if (bytes.n < LOG_ENTRY_HEAD_BYTES)
		return LOG_PARTIAL;
	memcpy(&length, bytes.p, 2);
	memcpy(&milliseconds, bytes.p + 4, 4);
	uint8_t stream = (uint8_t)bytes.p[2];
	if (bytes.p[3] != LOG_MARK || length > LOG_CHUNK_BYTES || stream >= LOG_STREAM_COUNT ||
	    (length == 0) != (stream == 0))
		return LOG_DAMAGED;
	if (length == 0)
		return LOG_LAST;
	if (bytes.n - LOG_ENTRY_HEAD_BYTES < length)
		return LOG_PARTIAL;
	ret->stream = (enum log_stream)stream;
	ret->time_ms = milliseconds;
	ret->data = (struct span){bytes.p + LOG_ENTRY_HEAD_BYTES, length};
	*ret_used = LOG_ENTRY_HEAD_BYTES + (size_t)length;
	return LOG_PARSED;
}

void log_segment_name(uint32_t index, char *out)
{
	snprintf(out, LOG_NAME_BYTES, "log.%0*u", DIGITS, index);
}

uint32_t log_segment_index(const char *name)
{
	uint64_t value;
	if (strncmp(name, "log.", PREFIX_BYTES) != 0 || strlen(name) != PREFIX_BYTES + DIGITS ||
	    num_parse_u64(span_of(name + PREFIX_BYTES), UINT32_MAX, &value) < 0)
		return 0;
	return (uint32_t)value;
}
