/* max: 16384 */
/* Segments of a log as anybody may have left them: heads and entries. */
#include "fuzz.h"
#include "process/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct log_head head;
	if (log_parse_head(rest, &head) == 0)
		rest = (struct span){rest.p + LOG_HEAD_BYTES, rest.n - LOG_HEAD_BYTES};
	for (;;) {
		struct log_entry entry;
		size_t used = 0;
		enum log_parse result = log_parse_entry(rest, &entry, &used);
		if (result != LOG_PARSED)
			break;
		fuzz_require(used > LOG_ENTRY_HEAD_BYTES && used <= rest.n);
		fuzz_require(entry.data.p >= rest.p &&
			     entry.data.p + entry.data.n == rest.p + used);
		fuzz_require(entry.data.n <= LOG_CHUNK_BYTES);
		fuzz_require(strcmp(log_stream_name(entry.stream), "unknown") != 0);
		rest.p += used;
		rest.n -= used;
	}
	return 0;
}
