#include "launch.h"

#include "adapter/argv.h"
#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "claude.h"
#include "native.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Descriptor 3 of Claude: its MCP configuration, which may hold keys, so it is in no argument. */
#define MCP_CONFIG_PATH "/proc/self/fd/3"

/* What Claude is told by its environment unless the caller's says otherwise. */
static const char *const defaults[] = {
    "DISABLE_TELEMETRY=1",
    "DISABLE_AUTOUPDATER=1",
    "DISABLE_ERROR_REPORTING=1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
    "CLAUDE_CODE_ENTRYPOINT=sdk-ts",
    "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS=1",
    "CLAUDE_CODE_STARTUP_FAILURE_RESULTS=1",
    "CLAUDE_CODE_ENABLE_TODO_TOOLS=1", /* without them there are no plans */
};

bool launch_can_bypass(void)
{
	const char *sandbox = getenv("IS_SANDBOX");
	return geteuid() != 0 || (sandbox && strcmp(sandbox, "1") == 0);
}

/* --- MCP servers ------------------------------------------------------------------------ */

static int write_server(struct buf *b, struct span server, struct sa_error *err)
{
	struct span type = json_get(server, "type"), url = json_get(server, "url");
	struct span command = json_get(server, "command");
	cleanup_free char *name = json_string_dup(json_get(server, "name"));
	bool is_stdio = !type.p || json_string_is(type, "stdio");
	if (!name || json_type(is_stdio ? command : url) != JSON_STRING)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an MCP server needs a name and a command or a url");
	json_key(b, name);
	json_open(b, '{');
	json_kv_raw(b, "type", is_stdio ? SPAN_LIT("\"stdio\"") : type);
	if (is_stdio) {
		json_kv_raw(b, "command", command);
		json_kv_raw(b, "args", json_get(server, "args"));
		content_pairs(b, "env", json_get(server, "env"));
	} else {
		json_kv_raw(b, "url", url);
		content_pairs(b, "headers", json_get(server, "headers"));
	}
	json_close(b, '}');
	return 0;
}

int launch_mcp_config(struct buf *b, struct span servers, struct sa_error *err)
{
	struct json_iter it = json_iter(servers);
	struct span server;
	json_open(b, '{');
	json_key(b, "mcpServers");
	json_open(b, '{');
	while (json_next(&it, NULL, &server))
		if (write_server(b, server, err) < 0)
			return -1;
	json_close(b, '}');
	json_close(b, '}');
	return 0;
}

/* --- program, arguments, environment ------------------------------------------------------- */

static void add_session(struct argv *argv, const struct session *session, bool is_resumed)
{
	if (session->open == SESSION_FORK && !is_resumed) {
		argv_add_value(argv, "--resume", session->forked_from);
		argv_add(argv, "--fork-session");
	}
	argv_add_value(argv, is_resumed ? "--resume" : "--session-id", session->base.id);
}

static void build_argv(struct argv *argv, const struct session *session, const char *binary,
		       bool is_resumed)
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
	argv_add(argv, binary);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		argv_add(argv, fixed[i]);
	add_session(argv, session, is_resumed);
	if (session->settings.can_bypass)
		argv_add(argv, "--allow-dangerously-skip-permissions");
	if (!session->base.adapter->client_can.has_forms)
		argv_add(argv, "--disallowedTools=AskUserQuestion");
	if (session->mcp_config)
		argv_add_value(argv, "--mcp-config", MCP_CONFIG_PATH);
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

/* --- start ---------------------------------------------------------------------------------- */

static void on_line(void *arg, struct span line)
{
	native_line(arg, line);
}

static void on_long(void *arg, struct span head, uint64_t bytes)
{
	struct session *session = arg;
	(void)head;
	adapter_log(session->base.adapter, "a line of %llu bytes of Claude was left out",
		    (unsigned long long)bytes);
}

static void on_exit_of_child(void *arg)
{
	session_ended(arg);
}

int launch_claude(struct session *session, bool is_resumed, struct sa_error *err)
{
	static const struct wire_events events = {on_line, on_long, NULL};
	struct adapter *adapter = session->base.adapter;
	cleanup_free char *binary = argv_find_agent(adapter->binary, "CLAUDE_CODE_EXECUTABLE",
						    "claude", "Claude Code", "claude", err);
	if (!binary)
		return -1;
	cleanup_close int config = session->mcp_config ? argv_text_fd(session->mcp_config) : -1;
	if (session->mcp_config && config < 0)
		return error_set(err, PROBLEM_FAILED, "keep the MCP servers");
	cleanup_argv struct argv argv = {NULL, 0}, env = {NULL, 0};
	build_argv(&argv, session, binary, is_resumed);
	argv_add_environment(&env, defaults, ARRAY_SIZE(defaults));
	struct spawn spawn = SPAWN_INIT;
	spawn.path = binary;
	spawn.argv = argv.words;
	spawn.env = env.words;
	spawn.cwd = session->base.cwd;
	if (config >= 0) {
		spawn.fds[3] = config;
		spawn.fd_count = 4;
	}
	return child_start(&session->base.child, &adapter->loop, &spawn, adapter->line_bytes,
			   &events, on_exit_of_child, session, err);
}
