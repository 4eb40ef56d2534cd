/*
 * Strings: any bytes written as JSON are JSON and read back as the same
 * text (repaired); any JSON string decodes to valid UTF-8 that survives
 * being written and read again.
 */
#include "base/utf8.h"
#include "fuzz.h"
#include "json/scan.h"
#include "json/write.h"

static void round_trip(struct span text)
{
	struct buf json = BUF_INIT(BUF_MAX_OWN), want = BUF_INIT(BUF_MAX_OWN);
	struct buf back = BUF_INIT(BUF_MAX_OWN);
	json_add_string(&json, text);
	fuzz_require(json_check(buf_span(&json), NULL) == 0);
	fuzz_require(utf8_is_valid(buf_span(&json)));
	fuzz_require(json.len == 0 || !memchr(json.data, '\n', json.len));
	utf8_add_repaired(&want, text);
	fuzz_require(json_string_add(&back, buf_span(&json)) == 0);
	fuzz_require(span_equal(buf_span(&back), buf_span(&want)));
	if (!memchr(want.data ? want.data : "", '\0', want.len))
		fuzz_require(json_string_is(buf_span(&json), want.data ? want.data : ""));
	buf_free(&json);
	buf_free(&want);
	buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	round_trip(text);
	/* The input as the inside of a JSON string. */
	struct buf quoted = BUF_INIT(BUF_MAX_OWN), decoded = BUF_INIT(BUF_MAX_OWN);
	buf_addc(&quoted, '"');
	buf_add_span(&quoted, text);
	buf_addc(&quoted, '"');
	bool is_json = json_check(buf_span(&quoted), NULL) == 0;
	int rc = json_string_add(&decoded, buf_span(&quoted));
	fuzz_require(rc == 0);
	fuzz_require(utf8_is_valid(buf_span(&decoded)));
	if (is_json) {
		round_trip(buf_span(&decoded));
		char *dup = json_string_dup(buf_span(&quoted));
		bool has_nul = decoded.len && memchr(decoded.data, '\0', decoded.len);
		fuzz_require((dup == NULL) == has_nul);
		fuzz_require(!dup || span_is(buf_span(&decoded), dup));
		free(dup);
	}
	/* Cutting never splits a character. */
	for (size_t max = 0; max < 8 && max < decoded.len; max++)
		fuzz_require(utf8_is_valid((struct span){decoded.data, utf8_cut(buf_span(&decoded), max)}));
	buf_free(&quoted);
	buf_free(&decoded);
	return 0;
}
