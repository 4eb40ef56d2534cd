#include "acp/envelope.h"

#include "json/scan.h"

#include <string.h>

void envelope_read(struct span line, struct envelope *ret)
{
	*ret = (struct envelope){.kind = ENVELOPE_OTHER, .text = span_trim(line)};
	if (json_check(ret->text, &ret->bad_offset) < 0) {
		ret->kind = ENVELOPE_NOT_JSON;
		return;
	}
	static const char *const names[] = {"id", "method", "params", "result", "error"};
	struct span values[5];
	json_members(ret->text, names, values, 5);
	ret->id = values[0];
	ret->method = values[1];
	ret->params = values[2];
	ret->result = values[3];
	ret->error = values[4];
	if (ret->method.p)
		ret->kind = ret->id.p ? ENVELOPE_REQUEST : ENVELOPE_NOTIFICATION;
	else if (ret->id.p)
		ret->kind = ENVELOPE_RESPONSE;
}

void envelope_add_with_id(struct buf *b, const struct envelope *envelope, struct span id)
{
	const char *end = envelope->text.p + envelope->text.n;
	const char *after = envelope->id.p + envelope->id.n;
	buf_add(b, envelope->text.p, (size_t)(envelope->id.p - envelope->text.p));
	buf_add_span(b, id);
	buf_add(b, after, (size_t)(end - after));
}

int envelope_is(const struct envelope *envelope, const char *method)
{
	return json_string_is(envelope->method, method);
}
