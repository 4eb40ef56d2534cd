#include "spec.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_absent(struct span value)
{
	return json_type(value) == JSON_NONE || json_type(value) == JSON_NULL;
}

static void add_word(char ***words, size_t *count, char *word)
{
	*words = xreallocarray(*words, *count + 2, sizeof(**words));
	(*words)[(*count)++] = word;
	(*words)[*count] = NULL;
}

static int parse_args(struct span args, struct spec *ret, struct sa_error *err)
{
	struct span item;
	if (is_absent(args))
		return 0;
	if (json_type(args) != JSON_ARRAY)
		return error_set(err, PROBLEM_INVALID_REQUEST, "args is an array of strings");
	for (struct json_iter it = json_iter(args); json_next(&it, NULL, &item);) {
		char *word = json_string_dup(item);
		if (!word)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "args is an array of strings without U+0000");
		add_word(&ret->argv, &ret->argc, word);
	}
	return 0;
}

static int parse_env(struct span env, struct spec *ret, struct sa_error *err)
{
	struct span key, value;
	if (is_absent(env))
		return 0;
	if (json_type(env) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "env is an object of strings");
	for (struct json_iter it = json_iter(env); json_next(&it, &key, &value);) {
		cleanup_free char *name = json_string_dup(key);
		cleanup_free char *text = json_string_dup(value);
		if (!name || !text || !*name || strchr(name, '='))
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "env is an object of strings; a name is not empty and has "
					 "no '='");
		add_word(&ret->env, &ret->env_count, xasprintf("%s=%s", name, text));
	}
	return 0;
}

int spec_parse(struct span body, struct spec *ret, struct sa_error *err)
{
	*ret = (struct spec){.argv = NULL};
	body = span_trim(body);
	if (json_type(body) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the body is a JSON object");
	char *command = json_string_dup(json_get(body, "command"));
	if (!command)
		return error_set(err, PROBLEM_INVALID_REQUEST, "command is wanted: a string");
	add_word(&ret->argv, &ret->argc, command);
	if (span_trim(span_of(command)).n == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "command is empty");
	struct span cwd = json_get(body, "cwd");
	ret->cwd = is_absent(cwd) ? NULL : json_string_dup(cwd);
	if (!is_absent(cwd) && !ret->cwd)
		return error_set(err, PROBLEM_INVALID_REQUEST, "cwd is a string");
	if (parse_args(json_get(body, "args"), ret, err) < 0)
		return -1;
	return parse_env(json_get(body, "env"), ret, err);
}

void spec_clear(struct spec *spec)
{
	for (size_t i = 0; i < spec->argc; i++)
		free(spec->argv[i]);
	for (size_t i = 0; i < spec->env_count; i++)
		free(spec->env[i]);
	free(spec->argv);
	free(spec->env);
	free(spec->cwd);
	*spec = (struct spec){.argv = NULL};
}

int spec_bool(struct span body, const char *name, bool *ret, struct sa_error *err)
{
	struct span value = json_get(body, name);
	enum json_type type = json_type(value);
	if (is_absent(value))
		return 0;
	if (type != JSON_TRUE && type != JSON_FALSE)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s is true or false", name);
	*ret = type == JSON_TRUE;
	return 0;
}

int spec_int(struct span body, const char *name, int64_t least, int64_t most, int64_t *ret,
	     struct sa_error *err)
{
	struct span value = json_get(body, name);
	int64_t number;
	if (is_absent(value))
		return 0;
	if (json_int(value, &number) < 0 || number < least || number > most)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "%s is a whole number from %lld to %lld", name, (long long)least,
				 (long long)most);
	*ret = number;
	return 0;
}
