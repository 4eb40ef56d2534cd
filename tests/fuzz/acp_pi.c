/* clang-format off */
/* with: cmd/sa-acp-pi/command.c cmd/sa-acp-pi/event.c cmd/sa-acp-pi/files.c cmd/sa-acp-pi/gate.c cmd/sa-acp-pi/pi.c cmd/sa-acp-pi/question.c cmd/sa-acp-pi/session.c cmd/sa-acp-pi/settings.c cmd/sa-acp-pi/tool.c cmd/sa-acp-pi/turn.c */
/* clang-format on */
/* max: 65536 */
/* The events and questions of Pi's rpc mode, and the client's answers. */
#include "../../cmd/sa-acp-pi/pi.h"

#include "../../cmd/sa-acp-pi/event.h"
#include "../../cmd/sa-acp-pi/question.h"
#include "../../cmd/sa-acp-pi/session.h"
#include "../../cmd/sa-acp-pi/turn.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "fuzz/adapter.h"

static void native(void *arg, struct span line)
{
	event_line(arg, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pi pi = {NULL, NULL};
	struct adapter adapter;
	struct session *session = xcalloc(1, sizeof(*session));
	fuzz_adapter_init(&adapter, &pi);
	adapter.agent = &pi_agent;
	adapter.binary = "none";
	session_base_init(&session->base, &adapter);
	session->base.state = SESSION_READY;
	session->base.id = xstrdup("id");
	session->base.cwd = xstrdup("/w");
	session_init(session);
	session->base.child.wire.queue = BUF_INIT(BUF_MAX_OWN);
	settings_set(&session->settings, SETTING_MODE, SPAN_LIT("\"ask\""));
	fuzz_prompt(&session->base.prompts);
	adapter.sessions = session;
	fuzz_lines(&adapter, data, size, native, session);
	question_cancel_all(session);
	fuzz_require_lines(buf_span(&session->base.child.wire.queue));
	turn_fail(session, "end");
	fuzz_require_lines(buf_span(&adapter.client.queue));
	buf_free(&session->base.child.wire.queue);
	session_free(session);
	fuzz_adapter_free(&adapter);
	return 0;
}
