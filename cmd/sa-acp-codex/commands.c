#include "commands.h"

#include "base/cleanup.h"
#include "codex.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

void commands_tell(struct session *session)
{
	struct adapter *adapter = session->base.adapter;
	struct buf *b = adapter_update_open(adapter, session->base.id, "available_commands_update");
	json_kv_raw(
	    b, "availableCommands",
	    SPAN_LIT("[{\"name\":\"compact\",\"description\":\"Summarize the conversation so "
		     "that it takes less room\",\"input\":null},{\"name\":\"review\","
		     "\"description\":\"Review the uncommitted changes\",\"input\":{\"hint\":"
		     "\"what to look at instead\"}}]"));
	adapter_update_close(adapter);
}

static void call_compact(struct session *session, call_fn *fn)
{
	struct buf *b = server_call_open(session->codex, "thread/compact/start");
	json_open(b, '{');
	json_kv_string(b, "threadId", session->base.id);
	json_close(b, '}');
	server_call_close(session->codex, fn, session, SPAN_NONE);
}

static void call_review(struct session *session, struct span what, call_fn *fn)
{
	struct buf *b = server_call_open(session->codex, "review/start");
	json_open(b, '{');
	json_kv_string(b, "threadId", session->base.id);
	json_kv_string(b, "delivery", "inline");
	json_key(b, "target");
	json_open(b, '{');
	json_kv_string(b, "type", what.n ? "custom" : "uncommittedChanges");
	if (what.n)
		json_kv_span(b, "instructions", what);
	json_close(b, '}');
	json_close(b, '}');
	server_call_close(session->codex, fn, session, SPAN_NONE);
}

bool commands_run(struct session *session, struct span input, call_fn *fn)
{
	struct json_iter it = json_iter(input);
	struct span first, second;
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (!json_next(&it, NULL, &first) || json_next(&it, NULL, &second) ||
	    json_string_add(&text, json_get(first, "text")) < 0)
		return false;
	struct span s = span_trim(buf_span(&text));
	if (span_is(s, "/compact")) {
		call_compact(session, fn);
		return true;
	}
	if (!span_is(s, "/review") && !span_starts_with(s, "/review "))
		return false;
	struct span what = {s.p + strlen("/review"), s.n - strlen("/review")};
	call_review(session, span_trim(what), fn);
	return true;
}
