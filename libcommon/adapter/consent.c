#include "adapter/consent.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

#define ALLOW_ONCE "allow-once"
#define ALLOW_ALWAYS "allow-always"

/* The line of a tool: whatever is in its name, it is one line. */
static void add_line(struct buf *b, const char *tool)
{
	json_add_string(b, span_of(tool));
	buf_addc(b, '\n');
}

void consents_add(struct consents *consents, const char *tool)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	if (consents_has(consents, tool))
		return;
	if (!consents->names.len)
		buf_addc(&line, '\n');
	add_line(&line, tool);
	buf_add_span(&consents->names, buf_span(&line));
}

bool consents_has(const struct consents *consents, const char *tool)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	struct span all = buf_span(&consents->names);
	buf_addc(&line, '\n');
	add_line(&line, tool);
	return all.n && memmem(all.p, all.n, line.data, line.len) != NULL;
}

void consents_free(struct consents *consents)
{
	buf_free(&consents->names);
}

/* --- asking -------------------------------------------------------------------------- */

struct buf *consent_ask_open(struct adapter_session *base, struct span call_id)
{
	struct buf *b = adapter_ask_open(base->adapter, "session/request_permission");
	json_open(b, '{');
	json_kv_string(b, "sessionId", base->id);
	json_key(b, "toolCall");
	json_open(b, '{');
	json_kv_raw(b, "toolCallId", call_id);
	json_kv_string(b, "status", "pending");
	return b;
}

int64_t consent_ask_close(struct adapter_session *base, const char *tool, adapter_answer_fn *fn,
			  void *arg)
{
	cleanup_free char *always = xasprintf("Yes, and always allow %s", tool);
	struct buf *b = adapter_out(base->adapter);
	json_close(b, '}');
	json_key(b, "options");
	json_open(b, '[');
	content_permission(b, ALLOW_ONCE, "Yes", "allow_once");
	content_permission(b, ALLOW_ALWAYS, always, "allow_always");
	content_permission(b, "reject", "No", "reject_once");
	json_close(b, ']');
	json_close(b, '}');
	return adapter_ask_close(base->adapter, fn, arg);
}

bool consent_read(struct consents *consents, const char *tool, const struct envelope *envelope)
{
	struct span outcome = json_get(envelope->result, "outcome");
	struct span option = json_get(outcome, "optionId");
	if (!json_string_is(json_get(outcome, "outcome"), "selected"))
		return false;
	if (json_string_is(option, ALLOW_ALWAYS)) {
		consents_add(consents, tool);
		return true;
	}
	return json_string_is(option, ALLOW_ONCE);
}
