/* The verb export: a session as a transcript. */
#include "follower.h"
#include "options_of.h"

#include <string.h>

int export_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	const char *format = o->format ? o->format : "markdown";
	struct options plain = *o;
	plain.types = (struct string_list){NULL, 0};
	plain.common.is_json = true;
	if (argc != 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "wants SESSION");
	if (strcmp(format, "jsonl") == 0)
		return show_run(&plain, argc, argv, err);
	return error_set(err, PROBLEM_INVALID_REQUEST, "not a format: '%s'", format);
}
