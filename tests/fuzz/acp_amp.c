/* clang-format off */
/* with: cmd/sa-acp-amp/amp.c cmd/sa-acp-amp/gate.c cmd/sa-acp-amp/mode.c cmd/sa-acp-amp/native.c cmd/sa-acp-amp/question.c cmd/sa-acp-amp/rules.c cmd/sa-acp-amp/session.c cmd/sa-acp-amp/threads.c cmd/sa-acp-amp/tool.c cmd/sa-acp-amp/turn.c */
/* clang-format on */
/* max: 65536 */
/* Amp's stream-json, the questions of its helpers, and the user's settings. */
#include "../../cmd/sa-acp-amp/amp.h"

#include "../../cmd/sa-acp-amp/native.h"
#include "../../cmd/sa-acp-amp/question.h"
#include "../../cmd/sa-acp-amp/rules.h"
#include "../../cmd/sa-acp-amp/session.h"
#include "../../cmd/sa-acp-amp/turn.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "fuzz/adapter.h"

static struct gate_peer *helper(struct session *session)
{
	struct gate_peer *peer = xcalloc(1, sizeof(*peer));
	peer->session = session;
	peer->wire.in.fd = peer->wire.out.fd = peer->wire.out_fd = -1;
	peer->wire.loop = session->gate.loop;
	peer->wire.queue = BUF_INIT(BUF_MAX_OWN);
	peer->next = session->gate.peers;
	session->gate.peers = peer;
	return peer;
}

/* What a helper asks comes in the same way; every second one leaves at once. */
static void native(void *arg, struct span line)
{
	struct session *session = arg;
	if (!json_get(line, "tool").p) {
		native_line(session, line);
		return;
	}
	struct gate_peer *peer = helper(session);
	question_asked(session, peer, line);
	peer->is_gone = line.n % 2;
	if (peer->is_gone && peer->question)
		question_left(peer->question);
	if (peer->is_gone)
		peer->question = NULL;
}

/* Settings of the user's, with comments or not. */
static void compose(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN), out = BUF_INIT(BUF_MAX_OWN);
	size_t bad_offset;
	buf_add(&text, data, size);
	rules_plain_json(&text);
	fuzz_require(text.len == size);
	bool is_json = json_check(buf_span(&text), &bad_offset) == 0;
	rules_compose(&out, is_json ? span_trim(buf_span(&text)) : SPAN_NONE, "/ask");
	/* A document, not a line: the user's values stand in it as they came, newlines and all. */
	fuzz_require(json_check(span_trim(buf_span(&out)), &bad_offset) == 0);
	fuzz_require(!json_get(buf_span(&out), "amp.dangerouslyAllowAll").p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct adapter adapter;
	struct session *session = xcalloc(1, sizeof(*session));
	fuzz_adapter_init(&adapter, NULL);
	adapter.agent = &amp_agent;
	adapter.binary = "none";
	session_base_init(&session->base, &adapter);
	session->base.state = SESSION_READY;
	session->is_asking = true;
	session_init(session);
	compose(data, size);
	session->base.id = xstrdup("T-00000000-0000-4000-8000-000000000001");
	session->base.cwd = xstrdup("/w");
	fuzz_prompt(&session->base.prompts);
	adapter.sessions = session;
	fuzz_lines(&adapter, data, size, native, session);
	session->starts = AMP_STARTS_MAX;
	turn_ended(session, session->error ? session->error : "end");
	fuzz_require_lines(buf_span(&adapter.client.queue));
	session_free(session);
	fuzz_adapter_free(&adapter);
	return 0;
}
