#include "servers.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "store.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

struct output {
	const struct servers_wish *wish;
	struct buf *b;
	size_t left_out;
};

/* Is this a name that ${...} can hold? */
static bool is_variable(const char *name)
{
	size_t n = 0;
	while (name[n] == '_' || (name[n] >= 'A' && name[n] <= 'Z') ||
	       (name[n] >= 'a' && name[n] <= 'z') || (n && name[n] >= '0' && name[n] <= '9'))
		n++;
	return n > 0 && name[n] == '\0';
}

static void add_pair(const struct output *out, struct span key, struct span value)
{
	json_open(out->b, '{');
	json_kv_raw(out->b, "name", key);
	json_kv_raw(out->b, "value", value);
	json_close(out->b, '}');
}

static void add_pairs(const struct output *out, struct span map)
{
	struct span key, value;
	for (struct json_iter it = json_iter(map); json_next(&it, &key, &value);)
		add_pair(out, key, value);
}

/* --- servers ------------------------------------------------------------------------ */

/* cwd: ACP has no place for it, so "sa-config enter DIR" goes in front. */
static void add_command(const struct output *out, struct span entry)
{
	struct buf words = BUF_INIT(BUF_MAX_OWN);
	struct span command = json_get(entry, "command"), word;
	struct span cwd = json_get(entry, "cwd");
	json_open(&words, '[');
	if (cwd.p) {
		cleanup_free char *self = dirs_find_sibling("sa-config");
		json_add_string(&words, span_of(self ? self : "sa-config"));
		json_add_string(&words, SPAN_LIT("enter"));
		json_add_raw(&words, cwd);
	}
	if (json_type(command) == JSON_STRING)
		json_add_raw(&words, command);
	for (struct json_iter it = json_iter(command); json_next(&it, NULL, &word);)
		json_add_raw(&words, word);
	for (struct json_iter it = json_iter(json_get(entry, "args")); json_next(&it, NULL, &word);)
		json_add_raw(&words, word);
	json_close(&words, ']');
	struct json_iter it = json_iter(buf_span(&words));
	json_next(&it, NULL, &word);
	json_kv_raw(out->b, "command", word);
	json_key(out->b, "args");
	json_open(out->b, '[');
	while (json_next(&it, NULL, &word))
		json_add_raw(out->b, word);
	json_close(out->b, ']');
	buf_free(&words);
}

static void add_local(const struct output *out, const char *name, struct span entry)
{
	json_open(out->b, '{');
	json_kv_string(out->b, "name", name);
	add_command(out, entry);
	json_key(out->b, "env");
	json_open(out->b, '[');
	add_pairs(out, json_get(entry, "env"));
	json_close(out->b, ']');
	json_close(out->b, '}');
}

/* A header whose value is in a variable. */
static int add_variable_header(const struct output *out, struct span header, const char *before,
			       struct span variable, struct sa_error *err)
{
	cleanup_free char *name = json_string_dup(variable);
	cleanup_free char *text = xasprintf("%s${%s}", before, name ? name : "");
	cleanup_buf struct buf value = BUF_INIT(BUF_MAX_OWN);
	if (!name || !is_variable(name))
		return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is no name of a variable",
				 name ? name : "");
	json_add_string(&value, span_of(text));
	add_pair(out, header, buf_span(&value));
	return 0;
}

static int add_headers(const struct output *out, struct span entry, struct sa_error *err)
{
	struct span bearer = json_get(entry, "bearerTokenEnvVar"), key, value;
	add_pairs(out, json_get(entry, "headers"));
	if (bearer.p &&
	    add_variable_header(out, SPAN_LIT("\"Authorization\""), "Bearer ", bearer, err) < 0)
		return -1;
	for (struct json_iter it = json_iter(json_get(entry, "envHeaders"));
	     json_next(&it, &key, &value);)
		if (add_variable_header(out, key, "", value, err) < 0)
			return -1;
	return 0;
}

static int add_remote(struct output *out, const char *name, struct span entry, struct sa_error *err)
{
	bool is_sse = json_string_is(json_get(entry, "transport"), "sse");
	if (is_sse ? out->wish->is_without_sse : out->wish->is_without_http) {
		out->left_out++;
		return 0;
	}
	json_open(out->b, '{');
	json_kv_string(out->b, "type", is_sse ? "sse" : "http");
	json_kv_string(out->b, "name", name);
	json_kv_raw(out->b, "url", json_get(entry, "url"));
	json_key(out->b, "headers");
	json_open(out->b, '[');
	if (add_headers(out, entry, err) < 0)
		return -1;
	json_close(out->b, ']');
	json_close(out->b, '}');
	return 0;
}

static int add_server(const struct config_entry *entry, void *arg, struct sa_error *err)
{
	struct output *out = arg;
	if (!json_bool_or(json_get(entry->json, "enabled"), true))
		return 0;
	if (!entry->is_trusted)
		config_tell_untrusted(&config_mcp, out->wish->directory, entry->name);
	else if (json_string_is(json_get(entry->json, "type"), "local"))
		add_local(out, entry->name, entry->json);
	else if (add_remote(out, entry->name, entry->json, err) < 0)
		return error_prefix(err, "MCP server '%s'", entry->name);
	return 0;
}

int servers_add(const struct servers_wish *wish, struct buf *ret, size_t *ret_left_out,
		struct sa_error *err)
{
	struct output out = {.wish = wish, .b = ret};
	json_open(ret, '[');
	if (config_each(&config_mcp, wish->directory, add_server, &out, err) < 0)
		return -1;
	json_close(ret, ']');
	*ret_left_out = out.left_out;
	return 0;
}
