#include "cli/options.h"

#include "base/num.h"
#include "base/xalloc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { FD_MAX = 1023 };

void string_list_add(struct string_list *list, const char *item)
{
	list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = item;
}

void string_list_free(struct string_list *list)
{
	free(list->items);
	*list = (struct string_list){NULL, 0};
}

static const struct option *find_long(const struct option *table, struct span name)
{
	for (; table->name; table++)
		if (span_is(name, table->name))
			return table;
	return NULL;
}

static const struct option *find_letter(const struct option *table, char letter)
{
	for (; table->name; table++)
		if (table->letter && table->letter == letter)
			return table;
	return NULL;
}

/* The first three have their meaning already. */
static int take_fd(const char *value, int *ret)
{
	uint64_t fd;
	if (num_parse_u64(span_of(value), FD_MAX, &fd) < 0 || fd < 3 ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	*ret = (int)fd;
	return 0;
}

static const char *form_of(enum option_type type)
{
	switch (type) {
	case OPTION_U64:
		return "a whole number";
	case OPTION_DURATION:
		return "a duration such as 500ms, 30s, 10m";
	case OPTION_FD:
		return "a descriptor that is open, 3 or above";
	default:
		return "a size such as 4096, 64K, 64M";
	}
}

static int store_value(const struct option *option, void *target, const char *value,
		       struct sa_error *err)
{
	char *at = (char *)target + option->offset;
	int rc = 0;
	switch (option->type) {
	case OPTION_FLAG:
		*(bool *)(void *)at = true;
		break;
	case OPTION_STRING:
		*(const char **)(void *)at = value;
		break;
	case OPTION_LIST:
		string_list_add((struct string_list *)(void *)at, value);
		break;
	case OPTION_U64:
		rc = num_parse_u64(span_of(value), UINT64_MAX, (uint64_t *)(void *)at);
		break;
	case OPTION_DURATION:
		rc = num_parse_duration_ms(span_of(value), (int64_t *)(void *)at);
		break;
	case OPTION_SIZE:
		rc = num_parse_size(span_of(value), (uint64_t *)(void *)at);
		break;
	case OPTION_FD:
		rc = take_fd(value, (int *)(void *)at);
		break;
	}
	if (rc == 0)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "--%s wants %s, not '%s'", option->name,
			 form_of(option->type), value);
}

/* argv[*i] is "--name" or "--name=value". */
static int parse_long(const struct option *table, void *target, int argc, char **argv, int *i,
		      struct sa_error *err)
{
	const char *word = argv[*i] + 2;
	const char *equals = strchr(word, '=');
	struct span name = {word, equals ? (size_t)(equals - word) : strlen(word)};
	const struct option *option = find_long(table, name);
	if (!option)
		return error_set(err, PROBLEM_INVALID_REQUEST, "unknown option '--%.*s'",
				 SPAN_ARG(name));
	if (option->type == OPTION_FLAG) {
		if (equals)
			return error_set(err, PROBLEM_INVALID_REQUEST, "--%s takes no value",
					 option->name);
		return store_value(option, target, NULL, err);
	}
	if (equals)
		return store_value(option, target, equals + 1, err);
	if (*i + 1 >= argc)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--%s wants a value (%s)",
				 option->name, option->argument);
	return store_value(option, target, argv[++*i], err);
}

/* argv[*i] is "-abc" or "-ovalue" or "-o" "value". */
static int parse_letters(const struct option *table, void *target, int argc, char **argv, int *i,
			 struct sa_error *err)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct option *option = find_letter(table, *p);
		if (!option)
			return error_set(err, PROBLEM_INVALID_REQUEST, "unknown option '-%c'", *p);
		if (option->type == OPTION_FLAG) {
			store_value(option, target, NULL, err);
			continue;
		}
		if (p[1])
			return store_value(option, target, p + 1, err);
		if (*i + 1 >= argc)
			return error_set(err, PROBLEM_INVALID_REQUEST, "-%c wants a value (%s)", *p,
					 option->argument);
		return store_value(option, target, argv[++*i], err);
	}
	return 0;
}

int options_parse(const struct option *table, void *target, bool is_posix, int argc, char **argv,
		  int *ret_count, struct sa_error *err)
{
	int count = 0, i = 0;
	bool is_over = false;
	for (; i < argc; i++) {
		const char *word = argv[i];
		int rc = 0;
		if (is_over || word[0] != '-' || word[1] == '\0') {
			argv[count++] = argv[i];
			is_over = is_over || is_posix;
		} else if (strcmp(word, "--") == 0) {
			is_over = true;
		} else if (word[1] == '-') {
			rc = parse_long(table, target, argc, argv, &i, err);
		} else {
			rc = parse_letters(table, target, argc, argv, &i, err);
		}
		if (rc < 0)
			return -1;
	}
	*ret_count = count;
	return 0;
}
