/* clang-format off */
/* with: cmd/sa-acp-claude/blocks.c cmd/sa-acp-claude/claude.c cmd/sa-acp-claude/commands.c cmd/sa-acp-claude/control.c cmd/sa-acp-claude/history.c cmd/sa-acp-claude/history_list.c cmd/sa-acp-claude/launch.c cmd/sa-acp-claude/native.c cmd/sa-acp-claude/permission.c cmd/sa-acp-claude/plan.c cmd/sa-acp-claude/question.c cmd/sa-acp-claude/result.c cmd/sa-acp-claude/session.c cmd/sa-acp-claude/settings.c cmd/sa-acp-claude/tool.c cmd/sa-acp-claude/tool_details.c cmd/sa-acp-claude/tool_output.c cmd/sa-acp-claude/turn.c */
/* clang-format on */
/* max: 65536 */
/* Claude Code's stream-json and control requests, and the client's answers. */
#include "../../cmd/sa-acp-claude/claude.h"

#include "../../cmd/sa-acp-claude/control.h"
#include "../../cmd/sa-acp-claude/native.h"
#include "../../cmd/sa-acp-claude/permission.h"
#include "../../cmd/sa-acp-claude/session.h"
#include "../../cmd/sa-acp-claude/turn.h"
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
	adapter.agent = &claude_agent;
	adapter.binary = "none";
	session_base_init(&session->base, &adapter);
	session->base.state = SESSION_READY;
	session->base.cwd = xstrdup("/w");
	session->base.child.wire.queue = BUF_INIT(BUF_MAX_OWN);
	session_init(session);
	session->settings.can_bypass = true;
	session->base.id = xstrdup("00000000-0000-4000-8000-000000000001");
	fuzz_prompt(&session->base.prompts);
	adapter.sessions = session;
	fuzz_lines(&adapter, data, size, native, session);
	fuzz_require_lines(buf_span(&session->base.child.wire.queue));
	permission_drop_all(session);
	turn_drop_all(session, "end");
	fuzz_require_lines(buf_span(&adapter.client.queue));
	control_fail_all(session, "end");
	buf_free(&session->base.child.wire.queue);
	session_free(session);
	fuzz_adapter_free(&adapter);
	return 0;
}
