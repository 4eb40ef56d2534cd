#include "routes.h"

#include "base/cleanup.h"
#include "cli/command.h"
#include "openapi.h"

#define WORDS(...)                     \
	.words = (const char *const[]) \
	{                              \
		__VA_ARGS__, NULL      \
	}
#define ASK(program, name) .command = (program), .op = (name)
#define ONCE(program, name) .command = (program), .op = (name), .is_once = true
#define SPAWN(program, ...) .command = (program), WORDS(__VA_ARGS__)
#define STREAM(program, name, ...) \
	.command = (program), .op = (name), .answer = ANSWER_STREAM, WORDS(__VA_ARGS__)
#define SOCKET(program, name, ...) \
	.command = (program), .op = (name), .answer = ANSWER_SOCKET, WORDS(__VA_ARGS__)
#define JSON .body = BODY_JSON
#define MAYBE_JSON .body = BODY_OPTIONAL
#define CONDITIONS "if-match if-none-match if-modified-since if-unmodified-since"
/* One of the surface that OpenCode's clients know (contract 14). */
#define OPENCODE .has_error_list = true, .headers = "x-opencode-directory"
#define OC(name) OPENCODE, ASK("sa-opencode", name)

#define OPENCODE_AGENT                                                                       \
	"{\"name\":\"Sandbox Agent\",\"description\":\"The agent behind the chosen model\"," \
	"\"mode\":\"all\",\"native\":false,\"hidden\":false,\"options\":{},\"permission\":[]}"
static const char opencode_agents[] = "[" OPENCODE_AGENT "]";
static const char opencode_config[] = "{\"agent\":{},\"mcp\":{},\"provider\":{}}";

/* In the order of the contract that clients know (its section 6), then what is beyond it. */
const struct route routes[] = {
    {"GET", "/", .text = "{\"docs\":\"https://sandboxagent.dev\",\"name\":\"Sandbox Agent\"}",
     .is_open = true, .is_harmless = true},
    {"GET", "/v1/health", .text = "{\"status\":\"ok\"}", .is_harmless = true},

    {"GET", "/ui", .is_ui = true, .is_open = true, .is_harmless = true},
    {"GET", "/ui/{path}", .is_ui = true, .is_deep = true, .is_open = true, .is_harmless = true},
    {"GET", "/openapi.json", .text = openapi_json, .is_open = true, .is_harmless = true},
    {"GET", "/metrics", ASK("sa-session", "metrics"), .answer = ANSWER_METRICS},

    {"GET", "/v1/agents", ASK("sa-install-agent", "agents.list")}, /* config, no_cache */
    {"GET", "/v1/agents/{agent}", ASK("sa-install-agent", "agents.show")},
    {"POST", "/v1/agents/{agent}/install", ONCE("sa-install-agent", "agents.install"), JSON},

    {"GET", "/v1/acp", ASK("sa-session", "acp.list")},
    {"POST", "/v1/acp/{serverId}", ASK("sa-session", "acp.post"), JSON, .limit = LIMIT_MESSAGE,
     .is_long = true, .accept = "application/json"}, /* agent */
    {"GET", "/v1/acp/{serverId}",
     STREAM("sa-session", "acp.stream", "sa-events", "sse", "--server={serverId}",
	    "--after={last-event-id}"),
     .headers = "last-event-id", .accept = "text/event-stream"},
    {"DELETE", "/v1/acp/{serverId}", ASK("sa-session", "acp.delete")},

    {"GET", "/v1/fs/entries", ASK("sa-fs", "entries")}, /* path */
    {"GET", "/v1/fs/file", ASK("sa-fs", "read"), .headers = "range if-range " CONDITIONS},
    {"PUT", "/v1/fs/file", ASK("sa-fs", "write"), .body = BODY_UPLOAD, .limit = LIMIT_NONE,
     .headers = CONDITIONS}, /* write.begin, write.commit, write.abort */
    {"DELETE", "/v1/fs/entry", ASK("sa-fs", "delete"), .headers = CONDITIONS}, /* path, recursive */
    {"POST", "/v1/fs/mkdir", ASK("sa-fs", "mkdir")},
    {"POST", "/v1/fs/move", ASK("sa-fs", "move"), JSON},
    {"GET", "/v1/fs/stat", ASK("sa-fs", "stat")},
    {"POST", "/v1/fs/upload-batch", SPAWN("sa-fs", "upload", "--json", "--path={path}"),
     .body = BODY_STDIN, .limit = LIMIT_NONE, .media = "application/x-tar"},

    {"GET", "/v1/processes/config", ASK("sa-process", "config.get")},
    {"POST", "/v1/processes/config", ASK("sa-process", "config.set"), JSON},
    {"GET", "/v1/processes", ASK("sa-process", "list")}, /* owner */
    {"POST", "/v1/processes", ASK("sa-process", "start"), JSON},
    {"POST", "/v1/processes/run", ASK("sa-process", "run"), JSON, .tells_gone = true},
    {"GET", "/v1/processes/{id}", ASK("sa-process", "show")},
    {"DELETE", "/v1/processes/{id}", ASK("sa-process", "delete")},
    {"POST", "/v1/processes/{id}/stop", ASK("sa-process", "stop")}, /* waitMs */
    {"POST", "/v1/processes/{id}/kill", ASK("sa-process", "kill")}, /* waitMs */
    {"GET", "/v1/processes/{id}/logs", .condition = "follow=true",
     STREAM("sa-process", "logs.follow", "sa-process", "logs", "--follow", "--sse",
	    "--stream={stream}", "--tail={tail}", "--since={since}",
	    "--last-event-id={last-event-id}", "--", "{id}"),
     .headers = "last-event-id"},
    {"GET", "/v1/processes/{id}/logs", ASK("sa-process", "logs")}, /* stream, tail, since */
    {"POST", "/v1/processes/{id}/input", ASK("sa-process", "input"), JSON},
    {"POST", "/v1/processes/{id}/terminal/resize", ASK("sa-process", "resize"), JSON},
    {"GET", "/v1/processes/{id}/terminal/ws",
     SOCKET("sa-process", "attach", "sa-process", "attach", "--websocket",
	    "--scrollback={scrollback}", "--", "{id}")},

    {"GET", "/v1/config/mcp", ASK("sa-config", "mcp.get"), .renames = "mcpName=name mcp_name=name"},
    {"PUT", "/v1/config/mcp", ASK("sa-config", "mcp.set"), JSON,
     .renames = "mcpName=name mcp_name=name"},
    {"DELETE", "/v1/config/mcp", ASK("sa-config", "mcp.delete"),
     .renames = "mcpName=name mcp_name=name"},
    {"GET", "/v1/config/skills", ASK("sa-config", "skills.get"),
     .renames = "skillName=name skill_name=name"},
    {"PUT", "/v1/config/skills", ASK("sa-config", "skills.set"), JSON,
     .renames = "skillName=name skill_name=name"},
    {"DELETE", "/v1/config/skills", ASK("sa-config", "skills.delete"),
     .renames = "skillName=name skill_name=name"},

    {"GET", "/v1/desktop/status", ASK("sa-desktop", "status")},
    {"POST", "/v1/desktop/start", ASK("sa-desktop", "start"), JSON},
    {"POST", "/v1/desktop/stop", ASK("sa-desktop", "stop")},
    {"GET", "/v1/desktop/display/info", ASK("sa-desktop", "display")},
    {"GET", "/v1/desktop/screenshot", ASK("sa-desktop", "screenshot")}, /* format, quality, scale */
    {"GET", "/v1/desktop/screenshot/region", ASK("sa-desktop", "screenshot.region")},
    {"GET", "/v1/desktop/mouse/position", ASK("sa-desktop", "mouse.position")},
    {"POST", "/v1/desktop/mouse/move", ASK("sa-desktop", "mouse.move"), JSON},
    {"POST", "/v1/desktop/mouse/click", ASK("sa-desktop", "mouse.click"), JSON},
    {"POST", "/v1/desktop/mouse/down", ASK("sa-desktop", "mouse.down"), JSON},
    {"POST", "/v1/desktop/mouse/up", ASK("sa-desktop", "mouse.up"), JSON},
    {"POST", "/v1/desktop/mouse/drag", ASK("sa-desktop", "mouse.drag"), JSON},
    {"POST", "/v1/desktop/mouse/scroll", ASK("sa-desktop", "mouse.scroll"), JSON},
    {"POST", "/v1/desktop/keyboard/type", ASK("sa-desktop", "keyboard.type"), JSON},
    {"POST", "/v1/desktop/keyboard/press", ASK("sa-desktop", "keyboard.press"), JSON},
    {"POST", "/v1/desktop/keyboard/down", ASK("sa-desktop", "keyboard.down"), JSON},
    {"POST", "/v1/desktop/keyboard/up", ASK("sa-desktop", "keyboard.up"), JSON},
    {"GET", "/v1/desktop/windows", ASK("sa-desktop", "windows.list")},
    {"GET", "/v1/desktop/windows/focused", ASK("sa-desktop", "windows.focused")},
    {"POST", "/v1/desktop/windows/{id}/focus", ASK("sa-desktop", "windows.focus")},
    {"POST", "/v1/desktop/windows/{id}/move", ASK("sa-desktop", "windows.move"), JSON},
    {"POST", "/v1/desktop/windows/{id}/resize", ASK("sa-desktop", "windows.resize"), JSON},
    {"GET", "/v1/desktop/clipboard", ASK("sa-desktop", "clipboard.get")}, /* selection */
    {"POST", "/v1/desktop/clipboard", ASK("sa-desktop", "clipboard.set"), JSON},
    {"POST", "/v1/desktop/launch", ONCE("sa-desktop", "launch"), JSON}, /* it may wait */
    {"POST", "/v1/desktop/open", ASK("sa-desktop", "open"), JSON},
    {"POST", "/v1/desktop/recording/start", ASK("sa-desktop", "recording.start"), JSON},
    {"POST", "/v1/desktop/recording/stop", ASK("sa-desktop", "recording.stop")},
    {"GET", "/v1/desktop/recordings", ASK("sa-desktop", "recordings.list")},
    {"GET", "/v1/desktop/recordings/{id}", ASK("sa-desktop", "recordings.show")},
    {"DELETE", "/v1/desktop/recordings/{id}", ASK("sa-desktop", "recordings.delete")},
    {"GET", "/v1/desktop/recordings/{id}/download", ASK("sa-desktop", "recordings.download")},
    {"POST", "/v1/desktop/stream/start", ASK("sa-desktop", "stream.start")},
    {"POST", "/v1/desktop/stream/stop", ASK("sa-desktop", "stream.stop")},
    {"GET", "/v1/desktop/stream/status", ASK("sa-desktop", "stream.status")},
    {"GET", "/v1/desktop/stream/signaling", ASK("sa-desktop", "stream.signaling")}, /* a problem */

    /* Beyond the contract: skills are fetched and laid out now. */
    {"POST", "/v1/config/skills/sync",
     ONCE("sa-config", "skills.sync")}, /* directory, agent, refresh */

    /* Beyond the contract: sessions for people without an SDK. */
    {"GET", "/v1/sessions", ASK("sa-session", "sessions.list")},
    {"POST", "/v1/sessions", ASK("sa-session", "sessions.create"), MAYBE_JSON},
    {"GET", "/v1/sessions/{id}", ASK("sa-session", "sessions.show")},
    {"DELETE", "/v1/sessions/{id}", ASK("sa-session", "sessions.delete")},
    {"POST", "/v1/sessions/{id}/prompt", ASK("sa-session", "sessions.prompt"), JSON,
     .limit = LIMIT_MESSAGE, .is_long = true},
    {"POST", "/v1/sessions/{id}/cancel", ASK("sa-session", "sessions.cancel"), MAYBE_JSON},
    {"POST", "/v1/sessions/{id}/resume", ONCE("sa-session", "sessions.resume"), MAYBE_JSON},
    {"POST", "/v1/sessions/{id}/fork", ONCE("sa-session", "sessions.fork"), MAYBE_JSON},
    {"GET", "/v1/sessions/{id}/events", .is_if_stream = true,
     STREAM("sa-session", "sessions.stream", "sa-events", "sse", "--after={after}",
	    "--after={last-event-id}", "--", "{id}"),
     .headers = "last-event-id"},
    {"GET", "/v1/sessions/{id}/events", ASK("sa-session", "sessions.events")}, /* after, limit */
    {"GET", "/v1/sessions/{id}/queue", ONCE("sa-session", "sessions.queue")},
    {"PATCH", "/v1/sessions/{id}/queue/{promptId}", ONCE("sa-session", "sessions.queue.edit"), JSON,
     .limit = LIMIT_MESSAGE},
    {"DELETE", "/v1/sessions/{id}/queue/{promptId}", ONCE("sa-session", "sessions.queue.drop")},
    {"GET", "/v1/sessions/{id}/pending", ASK("sa-session", "sessions.pending")},
    {"POST", "/v1/sessions/{id}/pending/{requestId}", ASK("sa-session", "sessions.reply"), JSON},

    /* OpenCode's clients (contract 14). */
    {"GET", "/opencode/global/health", OPENCODE,
     .text = "{\"healthy\":true,\"version\":\"" SA_VERSION "\"}"},
    {"GET", "/opencode/event",
     STREAM("sa-opencode", "events", "sa-opencode", "events", "--after={last-event-id}",
	    "--directory={directory}"),
     .has_error_list = true, .headers = "last-event-id"},
    {"GET", "/opencode/global/event",
     STREAM("sa-opencode", "events", "sa-opencode", "events", "--global", "--after={last-event-id}",
	    "--directory={directory}"),
     .has_error_list = true, .headers = "last-event-id"},
    {"GET", "/opencode/agent", OPENCODE, .text = opencode_agents},
    {"GET", "/opencode/command", OPENCODE, .text = "[]"},
    {"GET", "/opencode/config", OPENCODE, .text = opencode_config},
    {"PATCH", "/opencode/config", OC("config.set"), MAYBE_JSON},
    {"GET", "/opencode/global/config", OPENCODE, .text = opencode_config},
    {"PATCH", "/opencode/global/config", OC("config.set"), MAYBE_JSON},
    {"GET", "/opencode/config/providers", OC("config.providers")},
    {"POST", "/opencode/global/dispose", OPENCODE, .text = "true"},
    {"POST", "/opencode/instance/dispose", OPENCODE, .text = "true"},
    {"GET", "/opencode/path", OC("path")},
    {"GET", "/opencode/vcs", OC("vcs")},
    {"GET", "/opencode/mcp", OPENCODE, .text = "{}"},
    {"GET", "/opencode/lsp", OPENCODE, .text = "[]"},
    {"GET", "/opencode/formatter", OPENCODE, .text = "[]"},
    {"GET", "/opencode/skill", OPENCODE, .text = "[]"},
    {"GET", "/opencode/experimental/resource", OPENCODE, .text = "[]"},
    {"GET", "/opencode/tui/control/next", OPENCODE, .text = "{\"path\":\"\",\"body\":{}}"},
    {"POST", "/opencode/tui/control/response", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/append-prompt", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/open-help", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/open-sessions", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/open-themes", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/open-models", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/submit-prompt", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/clear-prompt", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/execute-command", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/show-toast", OPENCODE, .text = "true"},
    {"POST", "/opencode/tui/publish", OPENCODE, .text = "true"},
    {"GET", "/opencode/project", OC("project.list")},
    {"POST", "/opencode/project", OC("project")},
    {"GET", "/opencode/project/current", OC("project")},
    {"GET", "/opencode/provider", OC("provider.list")},
    {"GET", "/opencode/provider/auth", OPENCODE, .text = "{}"},
    {"POST", "/opencode/provider/{providerID}/oauth/authorize", OC("provider.authorize"),
     MAYBE_JSON},
    {"POST", "/opencode/provider/{providerID}/oauth/callback", OPENCODE, .text = "true"},
    {"GET", "/opencode/session", OC("session.list")}, /* limit, start, search, roots */
    {"POST", "/opencode/session", OC("session.create"), MAYBE_JSON},
    {"GET", "/opencode/session/status", OC("session.status")},
    {"GET", "/opencode/session/{id}", OC("session.show")},
    {"PATCH", "/opencode/session/{id}", OC("session.update"), JSON},
    {"DELETE", "/opencode/session/{id}", OC("session.delete")},
    {"POST", "/opencode/session/{id}/abort", OC("session.abort"), MAYBE_JSON},
    {"GET", "/opencode/session/{id}/children", OC("session.children")},
    {"GET", "/opencode/session/{id}/diff", OPENCODE, .text = "[]"},
    {"POST", "/opencode/session/{id}/fork", OC("session.fork"), MAYBE_JSON},
    {"POST", "/opencode/session/{id}/init", OC("session.init"), MAYBE_JSON},
    {"POST", "/opencode/session/{id}/summarize", OC("session.summarize"), MAYBE_JSON},
    {"GET", "/opencode/session/{id}/todo", OC("session.todo")},
    {"GET", "/opencode/session/{id}/message", OC("message.list")}, /* limit */
    {"POST", "/opencode/session/{id}/message", OC("message.send"), JSON, .limit = LIMIT_MESSAGE},
    {"GET", "/opencode/session/{id}/message/{messageID}", OC("message.show")},
    {"POST", "/opencode/session/{id}/prompt_async", OC("message.async"), JSON,
     .limit = LIMIT_MESSAGE},
    {"POST", "/opencode/session/{id}/command", OC("message.command"), JSON, .limit = LIMIT_MESSAGE},
    {"POST", "/opencode/session/{id}/permissions/{requestID}", OC("permission.respond"), JSON},
    {"GET", "/opencode/permission", OC("permission.list")},
    {"POST", "/opencode/permission/{requestID}/reply", OC("permission.reply"), JSON},
    {"GET", "/opencode/question", OC("question.list")},
    {"POST", "/opencode/question/{requestID}/reply", OC("question.reply"), JSON},
    {"POST", "/opencode/question/{requestID}/reject", OC("question.reject"), MAYBE_JSON},

    /* A command line of sa-session, sa-fs, ... (their --endpoint): output as it comes, then the
     * end. The second form takes standard input, however long, and answers at the end. */
    {"POST", "/v1/commands", .command = "sa-relay", .answer = ANSWER_STREAM, JSON,
     WORDS("sa-relay"), .limit = LIMIT_MESSAGE, .accept = "text/event-stream"},
    {"POST", "/v1/commands/{command}",
     SPAWN("sa-relay", "--command={command}", "--args={args}", "--end-fd=3", "--hold-fd=4"),
     .body = BODY_HELD, .limit = LIMIT_NONE, .media = "application/octet-stream"},
};

const size_t route_count = ARRAY_SIZE(routes);
