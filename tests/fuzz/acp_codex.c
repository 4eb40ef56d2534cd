/* clang-format off */
/* with: cmd/sa-acp-codex/approval.c cmd/sa-acp-codex/codex.c cmd/sa-acp-codex/commands.c cmd/sa-acp-codex/form.c cmd/sa-acp-codex/hunk.c cmd/sa-acp-codex/item.c cmd/sa-acp-codex/item_details.c cmd/sa-acp-codex/login.c cmd/sa-acp-codex/notes.c cmd/sa-acp-codex/server.c cmd/sa-acp-codex/session.c cmd/sa-acp-codex/settings.c cmd/sa-acp-codex/threads.c cmd/sa-acp-codex/turn.c cmd/sa-acp-codex/turn_end.c */
/* clang-format on */
/* max: 65536 */
/* The app-server's notifications, requests and answers, and the client's answers. */
#include "../../cmd/sa-acp-codex/codex.h"

#include "../../cmd/sa-acp-codex/approval.h"
#include "../../cmd/sa-acp-codex/hunk.h"
#include "../../cmd/sa-acp-codex/session.h"
#include "../../cmd/sa-acp-codex/turn.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "fuzz/adapter.h"

static void native(void *arg, struct span line)
{
	server_line(arg, line);
}

/* Every hunk takes something off the diff. */
static void try_hunks(struct span diff)
{
	cleanup_hunk struct hunk hunk = HUNK_INIT;
	size_t left = diff.n;
	while (hunk_next(&diff, &hunk)) {
		fuzz_require(diff.n < left);
		left = diff.n;
	}
	fuzz_require(diff.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct codex codex = {.models = BUF_INIT(1 << 20), .has_sandbox = true};
	struct session *session = xcalloc(1, sizeof(*session));
	try_hunks((struct span){(const char *)data, size});
	fuzz_adapter_init(&codex.adapter, &codex);
	codex.adapter.agent = &codex_agent;
	codex.adapter.binary = "none";
	session_base_init(&session->base, &codex.adapter);
	server_init(&codex.server);
	session_init(session);
	session->base.state = SESSION_READY;
	session->base.id = xstrdup("00000000-0000-4000-8000-000000000002");
	session->base.cwd = xstrdup("/w");
	fuzz_prompt(&session->base.prompts);
	codex.adapter.sessions = session;
	fuzz_lines(&codex.adapter, data, size, native, &codex);
	approval_cancel_all(session);
	fuzz_require_lines(buf_span(&codex.server.held));
	turn_give_up(session);
	fuzz_require_lines(buf_span(&codex.adapter.client.queue));
	session_free(session);
	server_free(&codex.server);
	buf_free(&codex.models);
	fuzz_adapter_free(&codex.adapter);
	return 0;
}
