#include "adapter/mcp.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

static int write_server(struct buf *b, struct span server, const struct mcp_style *style,
			struct sa_error *err)
{
	struct span type = json_get(server, "type"), url = json_get(server, "url");
	struct span command = json_get(server, "command");
	cleanup_free char *name = json_string_dup(json_get(server, "name"));
	bool is_stdio = type.p ? json_string_is(type, "stdio") : json_type(command) == JSON_STRING;
	if (!name || json_type(is_stdio ? command : url) != JSON_STRING)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an MCP server needs a name and a command or a url");
	if (style->no_sse && json_string_is(type, "sse"))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "%s has no MCP over SSE (server '%.80s')", style->no_sse, name);
	json_key(b, name);
	json_open(b, '{');
	if (style->has_type)
		json_kv_raw(b, "type",
			    is_stdio ? SPAN_LIT("\"stdio\"")
			    : type.p ? type
				     : SPAN_LIT("\"http\""));
	if (is_stdio) {
		json_kv_raw(b, "command", command);
		json_kv_raw(b, "args", json_get(server, "args"));
		content_pairs(b, "env", json_get(server, "env"));
	} else {
		json_kv_raw(b, "url", url);
		content_pairs(b, style->headers, json_get(server, "headers"));
	}
	json_close(b, '}');
	return 0;
}

int mcp_check(struct span servers, struct sa_error *err)
{
	struct json_iter it = json_iter(servers);
	struct span server, other;
	if (!servers.p || json_type(servers) == JSON_NULL)
		return 0;
	if (json_type(servers) != JSON_ARRAY)
		return error_set(err, PROBLEM_INVALID_REQUEST, "mcpServers is not an array");
	for (size_t i = 0; json_next(&it, NULL, &server); i++) {
		cleanup_free char *name = json_string_dup(json_get(server, "name"));
		if (!name || i == MCP_SERVERS_MAX)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 name ? "too many MCP servers"
					      : "an MCP server needs a name");
		struct json_iter before = json_iter(servers);
		for (size_t j = 0; j < i && json_next(&before, NULL, &other); j++)
			if (json_string_is(json_get(other, "name"), name))
				return error_set(err, PROBLEM_INVALID_REQUEST,
						 "two MCP servers are called '%.80s'", name);
	}
	return 0;
}

int mcp_write_servers(struct buf *b, struct span servers, const struct mcp_style *style,
		      struct sa_error *err)
{
	struct json_iter it = json_iter(servers);
	struct span server;
	while (json_next(&it, NULL, &server))
		if (write_server(b, server, style, err) < 0)
			return -1;
	return 0;
}
