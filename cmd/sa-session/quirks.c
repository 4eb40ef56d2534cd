#include "quirks.h"

#include "acp/envelope.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "json/scan.h"

/* Replace the bytes of a value that lies in message. */
static void replace(struct buf *message, struct span value, struct span by)
{
	struct buf whole = BUF_INIT(message->max);
	size_t at = (size_t)(value.p - message->data);
	buf_add(&whole, message->data, at);
	buf_add_span(&whole, by);
	buf_add(&whole, message->data + at + value.n, message->len - at - value.n);
	buf_free(message);
	*message = whole;
}

/* " 1.0 " -> 1, "2" -> 2. False for everything that is no whole number in text. */
static bool whole_number(struct span value, uint64_t *ret)
{
	cleanup_free char *text = json_string_dup(value);
	if (!text)
		return false;
	struct span digits = span_trim(span_of(text));
	const char *dot = digits.n ? memchr(digits.p, '.', digits.n) : NULL;
	if (dot) {
		for (const char *p = dot + 1; p < digits.p + digits.n; p++)
			if (*p != '0')
				return false;
		digits.n = (size_t)(dot - digits.p);
	}
	return num_parse_u64(digits, UINT16_MAX, ret) == 0;
}

void quirks_mend_for_pi(struct buf *message)
{
	struct envelope e;
	uint64_t version;
	char number[8];
	envelope_read(buf_span(message), &e);
	struct span asked = json_get(e.params, "protocolVersion");
	if (envelope_is(&e, "initialize") && whole_number(asked, &version)) {
		snprintf(number, sizeof(number), "%u", (unsigned)version & UINT16_MAX);
		replace(message, asked, span_of(number));
	} else if (envelope_is(&e, "session/new") && json_type(e.params) == JSON_OBJECT &&
		   !json_get(e.params, "mcpServers").p) {
		struct json_iter it = json_iter(e.params);
		struct span key, value;
		bool is_empty = !json_next(&it, &key, &value);
		/* Behind the last member. */
		struct span end = {e.params.p + e.params.n - 1, 0};
		replace(message, end, is_empty ? SPAN_LIT("\"mcpServers\":[]")
					       : SPAN_LIT(",\"mcpServers\":[]"));
	}
}
