/* What an entry may be: MCP servers and skills (contract of the reference, section 12). */
#include "store.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>

enum { ITEMS_MAX = 1024 }; /* in a list or an object of one entry */

static int wrong(struct sa_error *err, const char *member, const char *what)
{
	return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' must be %s", member, what);
}

/* The member under its name or an older one; null is as good as absent. */
static struct span member(struct span entry, const char *name, const char *alias)
{
	struct span value = json_get(entry, name);
	if (json_type(value) <= JSON_NULL && alias)
		value = json_get(entry, alias);
	return json_type(value) <= JSON_NULL ? SPAN_NONE : value;
}

static bool is_text(struct span value)
{
	cleanup_free char *text = json_string_dup(value);
	return text != NULL;
}

static bool is_list_of_texts(struct span value)
{
	struct span item;
	size_t count = 0;
	if (json_type(value) != JSON_ARRAY)
		return false;
	for (struct json_iter it = json_iter(value); json_next(&it, NULL, &item);)
		if (!is_text(item) || ++count > ITEMS_MAX)
			return false;
	return true;
}

static bool is_map_of_texts(struct span value)
{
	struct span key, item;
	size_t count = 0;
	if (json_type(value) != JSON_OBJECT)
		return false;
	for (struct json_iter it = json_iter(value); json_next(&it, &key, &item);)
		if (!is_text(key) || !is_text(item) || ++count > ITEMS_MAX)
			return false;
	return true;
}

static bool is_switch(struct span value)
{
	return json_type(value) == JSON_TRUE || json_type(value) == JSON_FALSE;
}

static bool is_count(struct span value)
{
	return json_int_or(value, -1) >= 0;
}

struct rule {
	const char *name, *alias;
	bool (*is_right)(struct span value);
	const char *what;
};

/* Append what is there and right. 0, or -1. */
static int add_members(struct span entry, const struct rule *rules, struct buf *ret,
		       struct sa_error *err)
{
	for (; rules->name; rules++) {
		struct span value = member(entry, rules->name, rules->alias);
		if (value.p && !rules->is_right(value))
			return wrong(err, rules->name, rules->what);
		json_kv_raw(ret, rules->name, value);
	}
	return 0;
}

/* --- MCP servers ---------------------------------------------------------------------- */

static int add_local(struct span entry, struct buf *ret, struct sa_error *err)
{
	static const struct rule rest[] = {
	    {"env", "environment", is_map_of_texts, "an object of strings"},
	    {"enabled", NULL, is_switch, "true or false"},
	    {"timeoutMs", "timeout", is_count, "a number of milliseconds"},
	    {"cwd", NULL, is_text, "a string"},
	    {NULL, NULL, NULL, NULL},
	};
	struct span command = member(entry, "command", NULL), args = member(entry, "args", NULL);
	struct span first = command;
	if (json_type(command) == JSON_ARRAY) {
		struct json_iter it = json_iter(command);
		if (!is_list_of_texts(command) || !json_next(&it, NULL, &first))
			return wrong(err, "command", "a string or a list of strings");
	}
	if (!is_text(first) || json_string_is(first, ""))
		return wrong(err, "command", "a string or a list of strings, and not empty");
	if (args.p && !is_list_of_texts(args))
		return wrong(err, "args", "a list of strings");
	json_kv_string(ret, "type", "local");
	json_kv_raw(ret, "command", command);
	json_kv_raw(ret, "args", args.p ? args : SPAN_LIT("[]"));
	return add_members(entry, rest, ret, err);
}

static int add_oauth(struct span entry, struct buf *ret, struct sa_error *err)
{
	static const struct rule rules[] = {
	    {"clientId", NULL, is_text, "a string"},
	    {"clientSecret", NULL, is_text, "a string"},
	    {"scope", NULL, is_text, "a string"},
	    {NULL, NULL, NULL, NULL},
	};
	struct span oauth = member(entry, "oauth", NULL);
	if (!oauth.p)
		return 0;
	if (is_switch(oauth)) {
		json_kv_raw(ret, "oauth", oauth);
		return 0;
	}
	if (json_type(oauth) != JSON_OBJECT)
		return wrong(err, "oauth", "an object, true or false");
	json_key(ret, "oauth");
	json_open(ret, '{');
	if (add_members(oauth, rules, ret, err) < 0)
		return -1;
	json_close(ret, '}');
	return 0;
}

static bool is_transport(struct span value)
{
	return json_string_is(value, "http") || json_string_is(value, "sse");
}

static int add_remote(struct span entry, struct buf *ret, struct sa_error *err)
{
	static const struct rule first[] = {
	    {"headers", NULL, is_map_of_texts, "an object of strings"},
	    {"bearerTokenEnvVar", "bearer_token_env_var", is_text, "the name of a variable"},
	    {NULL, NULL, NULL, NULL},
	};
	static const struct rule rest[] = {
	    {"enabled", NULL, is_switch, "true or false"},
	    {"timeoutMs", "timeout", is_count, "a number of milliseconds"},
	    {"transport", NULL, is_transport, "\"http\" or \"sse\""},
	    {NULL, NULL, NULL, NULL},
	};
	struct span url = member(entry, "url", NULL);
	if (!is_text(url) || json_string_is(url, ""))
		return wrong(err, "url", "a string, and not empty");
	struct span variables = member(entry, "envHeaders", "envHttpHeaders");
	if (!variables.p)
		variables = member(entry, "env_http_headers", NULL);
	if (variables.p && !is_map_of_texts(variables))
		return wrong(err, "envHeaders", "an object from headers to names of variables");
	json_kv_string(ret, "type", "remote");
	json_kv_raw(ret, "url", url);
	if (add_members(entry, first, ret, err) < 0)
		return -1;
	json_kv_raw(ret, "envHeaders", variables);
	return add_oauth(entry, ret, err) < 0 ? -1 : add_members(entry, rest, ret, err);
}

static int normalise_mcp(struct span entry, struct buf *ret, struct sa_error *err)
{
	struct span type = json_get(entry, "type");
	bool is_local = json_string_is(type, "local") || json_string_is(type, "stdio");
	if (json_type(entry) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "an entry is an object");
	if (!is_local && !json_string_is(type, "remote") && !json_string_is(type, "http"))
		return wrong(err, "type", "\"local\" or \"remote\"");
	json_open(ret, '{');
	if ((is_local ? add_local(entry, ret, err) : add_remote(entry, ret, err)) < 0)
		return -1;
	json_close(ret, '}');
	return 0;
}

/* --- skills ----------------------------------------------------------------------------- */

static int normalise_skills(struct span entry, struct buf *ret, struct sa_error *err)
{
	static const struct rule rules[] = {
	    {"skills", NULL, is_list_of_texts, "a list of strings"},
	    {"ref", NULL, is_text, "a string"},
	    {"subpath", NULL, is_text, "a string"},
	    {NULL, NULL, NULL, NULL},
	};
	struct span sources = json_get(entry, "sources"), source;
	size_t count = 0;
	if (json_type(sources) != JSON_ARRAY)
		return wrong(err, "sources", "a list");
	json_open(ret, '{');
	json_key(ret, "sources");
	json_open(ret, '[');
	for (struct json_iter it = json_iter(sources); json_next(&it, NULL, &source);) {
		struct span type = json_get(source, "type"), from = json_get(source, "source");
		if (++count > ITEMS_MAX)
			return wrong(err, "sources", "a shorter list");
		if (!is_text(type) || !is_text(from))
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "a source has the strings 'type' and 'source'");
		json_open(ret, '{');
		json_kv_raw(ret, "type", type);
		json_kv_raw(ret, "source", from);
		if (add_members(source, rules, ret, err) < 0)
			return -1;
		json_close(ret, '}');
	}
	json_close(ret, ']');
	json_close(ret, '}');
	return 0;
}

const struct config_kind config_mcp = {"mcp", normalise_mcp};
const struct config_kind config_skills = {"skills", normalise_skills};
