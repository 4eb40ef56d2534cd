#include "mcp.h"

#include "agent/provision.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "servers.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

/* NAME=VALUE or "NAME: VALUE" pairs as an object. */
static int add_map(struct buf *b, const char *key, const struct string_list *pairs, char separator,
		   struct sa_error *err)
{
	if (pairs->count == 0)
		return 0;
	json_key(b, key);
	json_open(b, '{');
	for (size_t i = 0; i < pairs->count; i++) {
		const char *middle = strchr(pairs->items[i], separator);
		if (!middle || middle == pairs->items[i])
			return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' has no '%c'",
					 pairs->items[i], separator);
		cleanup_free char *name =
		    xmemdup0(pairs->items[i], (size_t)(middle - pairs->items[i]));
		middle++;
		json_kv_string(b, name, separator == ':' ? middle + strspn(middle, " ") : middle);
	}
	json_close(b, '}');
	return 0;
}

int mcp_entry_of_words(const struct config_options *o, int argc, char **argv, struct buf *ret,
		       struct sa_error *err)
{
	json_open(ret, '{');
	json_kv_string(ret, "type", o->url ? "remote" : "local");
	if (o->url) {
		json_kv_string(ret, "url", o->url);
		if (argc > 0 || o->env.count)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "a server has a URL or a command");
	} else {
		if (o->headers.count)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--header is for a server with --url");
		json_kv_string(ret, "command", argv[0]);
		json_key(ret, "args");
		json_open(ret, '[');
		for (int i = 1; i < argc; i++)
			json_add_string(ret, span_of(argv[i]));
		json_close(ret, ']');
	}
	if (add_map(ret, "env", &o->env, '=', err) < 0 ||
	    add_map(ret, "headers", &o->headers, ':', err) < 0)
		return -1;
	json_close(ret, '}');
	return 0;
}

static int read_without(const struct config_options *o, struct servers_wish *wish,
			struct sa_error *err)
{
	for (size_t i = 0; i < o->without.count; i++) {
		if (strcmp(o->without.items[i], "http") == 0)
			wish->is_without_http = true;
		else if (strcmp(o->without.items[i], "sse") == 0)
			wish->is_without_sse = true;
		else
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "--without is http or sse, not '%s'", o->without.items[i]);
	}
	return 0;
}

int mcp_print_servers(const struct config_options *o, struct sa_error *err)
{
	struct servers_wish wish = {.directory = o->directory};
	cleanup_buf struct buf named = BUF_INIT(BUF_MAX_OWN), b = BUF_INIT(BUF_MAX_OWN);
	size_t left_out = 0;
	if (read_without(o, &wish, err) < 0 || servers_add(&wish, &named, &left_out, err) < 0)
		return -1;
	if (o->is_names)
		buf_add_span(&b, buf_span(&named));
	else if (provision_expand(buf_span(&named), &b, err) < 0)
		return -1;
	buf_addc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
	if (left_out)
		fprintf(stderr, "sa-config: %zu MCP servers left out: not for this agent\n",
			left_out);
	return SA_EXIT_OK;
}
