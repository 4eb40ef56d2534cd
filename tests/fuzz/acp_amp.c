/* clang-format off */
/* with: cmd/sa-acp-amp/amp.c cmd/sa-acp-amp/native.c cmd/sa-acp-amp/session.c cmd/sa-acp-amp/threads.c cmd/sa-acp-amp/tool.c cmd/sa-acp-amp/turn.c */
/* clang-format on */
/* max: 65536 */
/* Amp's stream-json. */
#include "../../cmd/sa-acp-amp/amp.h"

#include "../../cmd/sa-acp-amp/native.h"
#include "../../cmd/sa-acp-amp/session.h"
#include "../../cmd/sa-acp-amp/turn.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "fuzz/adapter.h"

static void native(void *arg, struct span line)
{
	native_line(arg, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct adapter adapter;
	struct session *session = xcalloc(1, sizeof(*session));
	fuzz_adapter_init(&adapter, NULL);
	adapter.agent = &amp_agent;
	adapter.binary = "none";
	session_base_init(&session->base, &adapter);
	session->state = SESSION_RUNNING;
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
