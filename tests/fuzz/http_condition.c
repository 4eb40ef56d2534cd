/* max: 4096 */
/*
 * Range and If-Match on any bytes: a part lies in the file, weak comparison
 * finds whatever strong comparison does. The first byte chooses a file size.
 */
#include "fuzz.h"
#include "http/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t sizes[] = {0, 1, 10, 4096, UINT64_MAX / 2};
	if (size == 0)
		return 0;
	uint64_t file = sizes[data[0] % (sizeof(sizes) / sizeof(sizes[0]))];
	struct span text = {(const char *)data + 1, size - 1};
	uint64_t first = 1, length = 0;
	switch (http_range_parse(text, file, &first, &length)) {
	case HTTP_RANGE_PART:
		fuzz_require(first < file && length >= 1 && length <= file - first);
		break;
	default:
		fuzz_require(first == 1 && length == 0);
	}
	struct span tag = SPAN_LIT("\"ab\"");
	if (http_etag_matches(text, tag, false))
		fuzz_require(http_etag_matches(text, tag, true));
	fuzz_require(!http_etag_matches(text, SPAN_NONE, true));
	return 0;
}
