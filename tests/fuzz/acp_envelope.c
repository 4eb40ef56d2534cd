/* The JSON-RPC classifier: any line has one kind, its parts lie inside it, and only its id is
 * replaced. */
/* max: 20000 */
#include "acp/envelope.h"
#include "fuzz.h"
#include "json/scan.h"

#include <string.h>

static bool is_inside(struct span part, struct span whole)
{
	return !part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* The kind again, from the members one by one. */
static enum envelope_kind kind_of(struct span text)
{
	if (json_check(text, NULL) < 0)
		return ENVELOPE_NOT_JSON;
	bool has_method = json_get(text, "method").p, has_id = json_get(text, "id").p;
	return has_method ? has_id ? ENVELOPE_REQUEST : ENVELOPE_NOTIFICATION
	       : has_id	  ? ENVELOPE_RESPONSE
			  : ENVELOPE_OTHER;
}

static void check_replaced(const struct envelope *e)
{
	struct buf line = BUF_INIT(BUF_MAX_OWN);
	struct envelope again;
	envelope_add_with_id(&line, e, span_of("4711"));
	envelope_read(buf_span(&line), &again);
	fuzz_require(again.kind == e->kind);
	fuzz_require(span_is(again.id, "4711"));
	fuzz_require(line.len == e->text.n - e->id.n + 4);
	fuzz_require(span_equal(again.method, e->method));
	fuzz_require(span_equal(again.params, e->params));
	fuzz_require(span_equal(again.result, e->result));
	/* And back: all bytes are as they were. */
	struct buf back = BUF_INIT(BUF_MAX_OWN);
	envelope_add_with_id(&back, &again, e->id);
	fuzz_require(span_equal(buf_span(&back), e->text));
	buf_free(&back);
	buf_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span line = {(const char *)data, size};
	struct envelope e;
	envelope_read(line, &e);
	fuzz_require(is_inside(e.text, line));
	fuzz_require(e.kind == kind_of(e.text));
	if (e.kind == ENVELOPE_NOT_JSON) {
		fuzz_require(e.bad_offset <= e.text.n);
		return 0;
	}
	const struct span parts[] = {e.id, e.method, e.params, e.result, e.error};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		fuzz_require(is_inside(parts[i], e.text));
		fuzz_require(!parts[i].p || json_check(parts[i], NULL) == 0);
	}
	fuzz_require(!envelope_is(&e, "session/prompt") ||
		     json_string_is(e.method, "session/prompt"));
	if (e.id.p)
		check_replaced(&e);
	return 0;
}
