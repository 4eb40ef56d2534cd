#include "mcp.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

static int write_server(struct buf *b, struct span server, struct sa_error *err)
{
	struct span type = json_get(server, "type"), url = json_get(server, "url");
	struct span command = json_get(server, "command");
	cleanup_free char *name = json_string_dup(json_get(server, "name"));
	bool is_stdio = !type.p || json_string_is(type, "stdio");
	if (!name || json_type(is_stdio ? command : url) != JSON_STRING)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an MCP server needs a name and a command or a url");
	if (json_string_is(type, "sse"))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "Codex has no MCP over SSE (server '%.80s')", name);
	json_key(b, name);
	json_open(b, '{');
	if (is_stdio) {
		json_kv_raw(b, "command", command);
		json_kv_raw(b, "args", json_get(server, "args"));
		content_pairs(b, "env", json_get(server, "env"));
	} else {
		json_kv_raw(b, "url", url);
		content_pairs(b, "http_headers", json_get(server, "headers"));
	}
	json_close(b, '}');
	return 0;
}

int mcp_write_config(struct buf *b, struct span params, struct sa_error *err)
{
	struct span directories = json_get(params, "additionalDirectories");
	struct json_iter it = json_iter(json_get(params, "mcpServers"));
	struct span server;
	json_open(b, '{');
	json_key(b, "mcp_servers");
	json_open(b, '{');
	while (json_next(&it, NULL, &server))
		if (write_server(b, server, err) < 0)
			return -1;
	json_close(b, '}');
	if (json_type(directories) == JSON_ARRAY)
		json_kv_raw(b, "sandbox_workspace_write.writable_roots", directories);
	json_close(b, '}');
	return 0;
}
