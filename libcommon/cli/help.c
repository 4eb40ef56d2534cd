#include "cli/help.h"

#include <string.h>

enum { HELP_COLUMN = 28 };

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

void help_print_usage(FILE *out, const struct command *command, const struct verb *verb)
{
	fprintf(out, "usage: %s%s%s [OPTION ...]%s%s\n", command->name, verb->name ? " " : "",
		verb->name ? verb->name : "", *verb->operands ? " " : "", verb->operands);
}

static void print_option(FILE *out, const struct option *option)
{
	char left[128];
	char letter[8] = "    ";
	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	if (strlen(left) < HELP_COLUMN)
		fprintf(out, "%-*s%s\n", HELP_COLUMN, left, option->help);
	else
		fprintf(out, "%s\n%*s%s\n", left, HELP_COLUMN, "", option->help);
}

static void print_examples(FILE *out, const char *const *examples)
{
	if (!examples || !*examples)
		return;
	fputs("\nexamples:\n", out);
	for (; *examples; examples++)
		fprintf(out, "  %s\n", *examples);
}

void help_print_verb(FILE *out, const struct command *command, const struct verb *verb)
{
	help_print_usage(out, command, verb);
	fprintf(out, "%s\n\n", verb->summary);
	for (const struct option *option = verb->options; option->name; option++)
		print_option(out, option);
	if (verb->print_notes)
		verb->print_notes(out);
	print_examples(out, verb->examples);
}

void help_print_command(FILE *out, const struct command *command)
{
	fprintf(out, "usage: %s VERB [OPTION ...] [OPERAND ...]\n%s\n\n", command->name,
		command->summary);
	for (const struct verb *verb = command->verbs; verb->run; verb++)
		fprintf(out, "  %-10s %s\n", verb->name, verb->summary);
	fprintf(out, "\n'%s VERB --help' tells the options of a verb.\n", command->name);
	print_examples(out, command->example);
}

void help_dump(FILE *out, const struct command *command)
{
	fprintf(out, "command\t%s\t%s\n", command->name, command->summary);
	for (const struct verb *verb = command->verbs; verb->run; verb++) {
		fprintf(out, "verb\t%s\t%s\t%s\t%s\n", or_dash(verb->name), or_dash(verb->operands),
			verb->summary, or_dash(verb->complete));
		for (const struct option *option = verb->options; option->name; option++)
			fprintf(out, "option\t%s\t%s\t%c\t%s\t%s\t%s\n", or_dash(verb->name),
				option->name, option->letter ? option->letter : '-',
				or_dash(option->argument), option->help,
				or_dash(option->complete));
	}
}
