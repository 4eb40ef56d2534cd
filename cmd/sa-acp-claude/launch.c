#include "launch.h"

#include "adapter/argv.h"
#include "adapter/mcp.h"
#include "base/cleanup.h"
#include "claude.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const launch_environment[] = {
    "DISABLE_TELEMETRY=1",
    "DISABLE_AUTOUPDATER=1",
    "DISABLE_ERROR_REPORTING=1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
    "CLAUDE_CODE_ENTRYPOINT=sdk-ts",
    "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS=1",
    "CLAUDE_CODE_STARTUP_FAILURE_RESULTS=1",
    "CLAUDE_CODE_ENABLE_TODO_TOOLS=1", /* without them there are no plans */
    NULL,
};

bool launch_can_bypass(void)
{
	const char *sandbox = getenv("IS_SANDBOX");
	return geteuid() != 0 || (sandbox && strcmp(sandbox, "1") == 0);
}

int launch_mcp_config(struct buf *b, struct span servers, struct sa_error *err)
{
	static const struct mcp_style style = {.headers = "headers", .has_type = true};
	json_open(b, '{');
	json_key(b, "mcpServers");
	json_open(b, '{');
	if (mcp_write_servers(b, servers, &style, err) < 0)
		return -1;
	json_close(b, '}');
	json_close(b, '}');
	return 0;
}

/* --- program, arguments, environment ------------------------------------------------------- */

static void add_session(struct argv *argv, const struct session *session, bool is_resumed)
{
	if (session->base.open == SESSION_FORK && !is_resumed) {
		argv_add_value(argv, "--resume", session->forked_from);
		argv_add(argv, "--fork-session");
	}
	argv_add_value(argv, is_resumed ? "--resume" : "--session-id", session->base.id);
}

static void add_options(struct argv *argv, const struct session *session, bool is_resumed)
{
	static const char *const fixed[] = {
	    "-p",
	    "--input-format=stream-json",
	    "--output-format=stream-json",
	    "--verbose",
	    "--include-partial-messages",
	    "--permission-prompt-tool=stdio",
	    "--setting-sources=user,project,local",
	};
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		argv_add(argv, fixed[i]);
	add_session(argv, session, is_resumed);
	if (session->settings.can_bypass)
		argv_add(argv, "--allow-dangerously-skip-permissions");
	if (!session->base.adapter->client_can.has_forms)
		argv_add(argv, "--disallowedTools=AskUserQuestion");
	if (session->mcp_config)
		argv_add_value(argv, "--mcp-config", SESSION_CONFIG_PATH);
	if (session->system_prompt)
		argv_add_value(argv,
			       session->is_system_appended ? "--append-system-prompt"
							   : "--system-prompt",
			       session->system_prompt);
	struct json_iter it = json_iter(span_of(session->directories));
	struct span directory;
	while (session->directories && json_next(&it, NULL, &directory)) {
		cleanup_free char *path = json_string_dup(directory);
		if (path && *path == '/')
			argv_add_value(argv, "--add-dir", path);
	}
}

int launch_claude(struct session *session, bool is_resumed, struct sa_error *err)
{
	cleanup_argv struct argv argv = {NULL, 0};
	if (sessions_add_program(session->base.adapter, &argv, err) < 0)
		return -1;
	add_options(&argv, session, is_resumed);
	return session_base_start(&session->base, &argv, session->mcp_config, err);
}
