#include "plan.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const commands[] = {"session", "events", "fs",
				       "process", "config", "install-agent"};
/* Those speak to sa-serve itself, or to a person's terminal. */
static const char *const refused[] = {"filter", "sse", "attach", "enter"};

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static int take_args(struct plan *plan, struct span args, struct sa_error *err)
{
	struct json_iter it = json_iter(args);
	struct span value;
	size_t n = 1;
	if (json_type(args) > JSON_NULL && json_type(args) != JSON_ARRAY)
		return error_set(err, PROBLEM_INVALID_REQUEST, "args is an array of strings");
	while (json_type(args) == JSON_ARRAY && json_next(&it, NULL, &value)) {
		char *word = json_string_dup(value);
		if (!word || n > PLAN_WORDS_MAX) {
			free(word);
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "args is an array of at most %d strings", PLAN_WORDS_MAX);
		}
		plan->argv[n++] = word;
	}
	if (plan->argv[1] && is_one_of(plan->argv[1], refused, ARRAY_SIZE(refused)))
		return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is not for remote use",
				 plan->argv[1]);
	return 0;
}

static int take_command(struct plan *plan, const char *command, struct span args,
			struct sa_error *err)
{
	if (!command || !is_one_of(command, commands, ARRAY_SIZE(commands)))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "command is \"session\", \"events\", \"fs\", \"process\", "
				 "\"config\" or \"install-agent\"");
	plan->argv = xcalloc(PLAN_WORDS_MAX + 2, sizeof(*plan->argv));
	plan->argv[0] = xasprintf("sa-%s", command);
	return take_args(plan, args, err);
}

int plan_of_words(const char *command, const char *args, struct plan *ret, struct sa_error *err)
{
	struct span words = span_trim(span_of(args));
	*ret = (struct plan){
	    .input = BUF_INIT(PLAN_BYTES_MAX), .has_ours = true, .end_fd = -1, .hold_fd = -1};
	if (!words.n || json_check(words, NULL) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "args is no JSON");
	return take_command(ret, command, words, err);
}

int plan_read(struct span request, struct plan *ret, struct sa_error *err)
{
	request = span_trim(request);
	*ret = (struct plan){.input = BUF_INIT(PLAN_BYTES_MAX), .end_fd = -1, .hold_fd = -1};
	if (json_check(request, NULL) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "the request is not JSON");
	cleanup_free char *command = json_string_dup(json_get(request, "command"));
	struct span input = json_get(request, "input");
	struct span plain = json_string_plain(input);
	if (take_command(ret, command, json_get(request, "args"), err) < 0)
		return -1;
	if (input.p && (!plain.p || base64_decode(&ret->input, plain) < 0))
		return error_set(err, PROBLEM_INVALID_REQUEST, "input is no base64");
	int64_t columns = json_int_or(json_get(request, "columns"), 0);
	if (columns > 0 && columns < 10000)
		snprintf(ret->columns, sizeof(ret->columns), "%d", (int)columns);
	return 0;
}

void plan_clear(struct plan *plan)
{
	for (size_t i = 0; plan->argv && plan->argv[i]; i++)
		free(plan->argv[i]);
	free(plan->argv);
	buf_free(&plan->input);
	*plan = (struct plan){.argv = NULL};
}
