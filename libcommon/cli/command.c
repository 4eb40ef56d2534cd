#include "cli/command.h"

#include "base/xalloc.h"
#include "cli/help.h"
#include "cli/plain.h"
#include "json/write.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool command_wants_text(const struct common_options *common)
{
	return common->is_text || (!common->is_json && isatty(STDOUT_FILENO));
}

int command_flush(struct sa_error *err)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	/* The reader went away: nobody is left to be told, but it is no success. */
	if (errno)
		return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
	/* An earlier write failed; why is forgotten. */
	return error_set(err, PROBLEM_FAILED, "standard output could not be written");
}

/* One line of words, or one problem document (RFC 9457), on stderr. */
void command_print_error(const char *who, const struct sa_error *err, bool is_json)
{
	const struct problem_info *info = problem_info(err->kind);
	if (!is_json) {
		/* Agents' last words may be in it. */
		struct buf words = BUF_INIT(BUF_MAX_OWN);
		plain_add(&words, span_of(err->message));
		fprintf(stderr, "%s: %.*s\n", who, (int)words.len, words.data ? words.data : "");
		buf_free(&words);
		return;
	}
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	char *type = xasprintf("urn:sandbox-agent:error:%s", info->name);
	json_open(&b, '{');
	json_kv_string(&b, "type", type);
	json_kv_string(&b, "title", info->title);
	json_kv_int(&b, "status", info->http_status);
	json_kv_string(&b, "detail", err->message);
	json_kv_int(&b, "exitStatus", info->exit_status);
	json_close(&b, '}');
	fprintf(stderr, "%s\n", b.data);
	free(type);
	buf_free(&b);
}

static void free_lists(const struct option *table, void *options)
{
	for (; table->name; table++)
		if (table->type == OPTION_LIST)
			string_list_free((struct string_list *)(void *)((char *)options +
									table->offset));
}

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

/* Is the flag given? Where "json" takes a value it says nothing about problems. */
static bool wants_json(const struct option *table, int argc, char **argv)
{
	for (; table->name; table++)
		if (strcmp(table->name, "json") == 0)
			return table->type == OPTION_FLAG && has_word(argc, argv, "--json");
	return false;
}

static int fail(const char *who, struct sa_error *err, bool is_json)
{
	command_print_error(who, err, is_json);
	return problem_info(err->kind)->exit_status;
}

static int run_verb(const struct command *command, const struct verb *verb, int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], "--help-all") == 0) {
		help_print_verb(stdout, command, verb, true);
		return fflush(stdout) ? SA_EXIT_FAILED : SA_EXIT_OK;
	}
	struct sa_error err = SA_ERROR_INIT;
	bool is_json = wants_json(verb->options, argc, argv);
	char *who = xasprintf("%s%s%s", command->name, verb->name ? " " : "",
			      verb->name ? verb->name : "");
	struct common_options *options = xcalloc(1, verb->options_bytes);
	if (verb->set_defaults)
		verb->set_defaults(options);
	int count = 0, status;
	if (options_parse(verb->options, options, verb->is_posix, argc, argv, &count, &err) < 0) {
		status = fail(who, &err, is_json);
		if (!is_json)
			help_print_usage(stderr, command, verb);
	} else if (options->is_help) {
		help_print_verb(stdout, command, verb, false);
		status = SA_EXIT_OK;
	} else {
		argv[count] = NULL;
		status = verb->run(options, count, argv, &err);
		if (status < 0)
			status = fail(who, &err, is_json);
	}
	if (command_flush(&err) < 0 && status == SA_EXIT_OK)
		status = fail(who, &err, is_json);
	free_lists(verb->options, options);
	free(options);
	free(who);
	return status;
}

static const struct verb *find_verb(const struct command *command, const char *name)
{
	for (const struct verb *verb = command->verbs; verb->run; verb++)
		if (verb->name && strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

int command_main(const struct command *command, int argc, char **argv)
{
	/* UTF-8 for widths; numbers and messages stay as in C. */
	setlocale(LC_CTYPE, "");
	const char *first = argc > 1 ? argv[1] : NULL;
	if (first && strcmp(first, "--version") == 0) {
		printf("%s %s\n", command->name, SA_VERSION);
		return fflush(stdout) ? SA_EXIT_FAILED : SA_EXIT_OK;
	}
	if (first && strcmp(first, "--dump-options") == 0) {
		help_dump(stdout, command);
		return fflush(stdout) ? SA_EXIT_FAILED : SA_EXIT_OK;
	}
	if (!command->verbs[0].name)
		return run_verb(command, &command->verbs[0], argc > 0 ? argc - 1 : 0, argv + 1);
	if (first && (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 ||
		      strcmp(first, "--help-all") == 0 || (strcmp(first, "help") == 0 && argc == 2))) {
		help_print_command(stdout, command, strcmp(first, "--help-all") == 0);
		return fflush(stdout) ? SA_EXIT_FAILED : SA_EXIT_OK;
	}
	const struct verb *verb = first ? find_verb(command, first) : NULL;
	if (verb)
		return run_verb(command, verb, argc - 2, argv + 2);
	struct sa_error err = SA_ERROR_INIT;
	if (first)
		error_set(&err, PROBLEM_INVALID_REQUEST, "unknown %s '%s'; see '%s --help'",
			  first[0] == '-' ? "option" : "verb", first, command->name);
	else
		error_set(&err, PROBLEM_INVALID_REQUEST, "which verb? see '%s --help'",
			  command->name);
	return fail(command->name, &err, has_word(argc, argv, "--json"));
}

int command_main_single(const char *name, const struct verb *verb, int argc, char **argv)
{
	const struct verb verbs[] = {*verb, {.run = NULL}};
	const struct command command = {.name = name, .summary = verb->summary, .verbs = verbs};
	return command_main(&command, argc, argv);
}
