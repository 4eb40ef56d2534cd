#include "mcp.h"

#include "base/cleanup.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MCP_FILE_BYTES = 1 << 20 };

static int wrong(struct sa_error *err, struct span name, const char *what)
{
	cleanup_free char *text = json_string_dup(name);
	return error_set(err, PROBLEM_INVALID_REQUEST, "MCP server '%s' %s", text ? text : "?",
			 what);
}

/* {"A":"b"} as [{"name":"A","value":"b"}]; an array stays. */
static int add_pairs(struct buf *b, const char *key, struct span pairs, struct span name,
		     struct sa_error *err)
{
	struct json_iter it = json_iter(pairs);
	struct span member, value;
	json_key(b, key);
	if (json_type(pairs) == JSON_ARRAY) {
		json_add_raw(b, pairs);
		return 0;
	}
	if (pairs.p && json_type(pairs) != JSON_OBJECT)
		return wrong(err, name, "wants an object for env and headers");
	json_open(b, '[');
	while (pairs.p && json_next(&it, &member, &value)) {
		if (json_type(value) != JSON_STRING)
			return wrong(err, name, "has a variable or header that is no string");
		json_open(b, '{');
		json_kv_raw(b, "name", member);
		json_kv_raw(b, "value", value);
		json_close(b, '}');
	}
	json_close(b, ']');
	return 0;
}

static int add_program(struct buf *b, struct span server, struct span name, struct sa_error *err)
{
	struct span arguments = json_get(server, "args");
	if (arguments.p && json_type(arguments) != JSON_ARRAY)
		return wrong(err, name, "wants an array for args");
	json_kv_raw(b, "command", json_get(server, "command"));
	json_kv_raw(b, "args", arguments.p ? arguments : SPAN_LIT("[]"));
	return add_pairs(b, "env", json_get(server, "env"), name, err);
}

static int add_server(struct buf *b, struct span server, struct span name, struct sa_error *err)
{
	struct span url = json_get(server, "url");
	struct span type = json_get(server, "type");
	int rc;
	if (json_type(name) != JSON_STRING || json_type(server) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an MCP server is an object with a name");
	json_open(b, '{');
	json_kv_raw(b, "name", name);
	if (json_type(json_get(server, "command")) == JSON_STRING) {
		rc = add_program(b, server, name, err);
	} else if (json_type(url) == JSON_STRING) {
		json_kv_string(b, "type", json_string_is(type, "sse") ? "sse" : "http");
		json_kv_raw(b, "url", url);
		rc = add_pairs(b, "headers", json_get(server, "headers"), name, err);
	} else {
		rc = wrong(err, name, "has neither a command nor a url");
	}
	json_close(b, '}');
	return rc;
}

static int convert(struct buf *b, struct span servers, struct sa_error *err)
{
	struct json_iter it = json_iter(servers);
	struct span key, server;
	bool is_array = json_type(servers) == JSON_ARRAY;
	if (!is_array && json_type(servers) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "neither an array of MCP servers nor an object of them by name");
	json_open(b, '[');
	while (json_next(&it, &key, &server)) {
		struct span name = is_array ? json_get(server, "name") : key;
		if (add_server(b, server, name, err) < 0)
			return -1;
	}
	json_close(b, ']');
	return 0;
}

int mcp_read(const char *path, struct buf *ret, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(MCP_FILE_BYTES);
	size_t bad = 0;
	int rc = strcmp(path, "-") == 0 ? io_read_all(STDIN_FILENO, &text, "standard input", err)
					: io_read_file(path, &text, err);
	if (rc < 0)
		return -1;
	struct span json = span_trim(buf_span(&text));
	if (json_check(json, &bad) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s: not JSON at byte %zu", path,
				 bad + 1);
	struct span inner = json_get(json, "mcpServers");
	return convert(ret, inner.p ? inner : json, err) < 0 ? error_prefix(err, "%s", path) : 0;
}
