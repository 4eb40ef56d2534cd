#include "cli/help.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* A screen without scrolling; the end of it stays free for the prompt's line. */
enum { HELP_COLUMN = 28, SCREEN_LINES = 24, SCREEN_COLUMNS = 78, EXAMPLES_SHOWN = 2 };

/* A line of a list as it is printed, and its name where there is no room for the line. */
struct row {
	char *text;
	const char *name;
	int lines;
};
struct rows {
	struct row *items;
	size_t count;
};

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

static int count_lines(const char *text)
{
	int lines = 0;
	while ((text = strchr(text, '\n')) != NULL) {
		lines++;
		text++;
	}
	return lines;
}

/* The two that every command has share a line. */
static bool is_pair(const struct option *option)
{
	return option->type == OPTION_FLAG && strcmp(option->name, "json") == 0 &&
	       option[1].name && strcmp(option[1].name, "text") == 0;
}

/* Those of struct common_options, with which each command's own begins. */
static bool is_common(const struct option *option)
{
	return option->offset < sizeof(struct common_options);
}

static void print_options(FILE *out, const struct option *option)
{
	for (; option->name; option++) {
		if (is_pair(option))
			fprintf(out, "%-*s%s\n", HELP_COLUMN, "      --json, --text",
				"JSON lines, or words, whatever stdout is");
		else
			print_option(out, option);
		option += is_pair(option);
	}
}

static void print_examples(FILE *out, const char *const *examples, int most)
{
	if (!examples || !*examples)
		return;
	fputs("\nexamples:\n", out);
	for (int i = 0; examples[i] && i < most; i++)
		fprintf(out, "  %s\n", examples[i]);
}

static void rows_add(struct rows *rows, const char *name, char *text)
{
	rows->items = xrealloc(rows->items, (rows->count + 1) * sizeof(*rows->items));
	rows->items[rows->count++] = (struct row){text, name, count_lines(text)};
}

static void rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->items[i].text);
	free(rows->items);
}

/* The names from the first-th on, wrapped; out NULL: only count. The lines that it takes. */
static int print_names(FILE *out, const struct rows *rows, size_t first, const char *dashes)
{
	if (first >= rows->count)
		return 0;
	int lines = 1, column = 5;
	/* "also" to nothing would be odd. */
	if (out)
		fputs(first || !*dashes ? "also:" : "with:", out);
	for (size_t i = first; i < rows->count; i++) {
		const char *comma = i + 1 < rows->count ? "," : "";
		int width = 1 + (int)(strlen(dashes) + strlen(rows->items[i].name) + strlen(comma));
		bool is_full = column + width > SCREEN_COLUMNS;
		lines += is_full;
		column = (is_full ? 5 : column) + width;
		if (out)
			fprintf(out, "%s %s%s%s", is_full ? "\n     " : "", dashes, rows->items[i].name, comma);
	}
	if (out)
		fputc('\n', out);
	return lines;
}

/* As many rows as fit, of the others the names. */
static void print_rows(FILE *out, const struct rows *rows, const char *dashes, int budget)
{
	size_t shown = rows->count;
	for (;; shown--) {
		int lines = print_names(NULL, rows, shown, dashes);
		for (size_t i = 0; i < shown; i++)
			lines += rows->items[i].lines;
		if (lines <= budget || shown == 0)
			break;
	}
	for (size_t i = 0; i < shown; i++)
		fputs(rows->items[i].text, out);
	print_names(out, rows, shown, dashes);
}

/* What print prints, as a string that the caller frees. */
static char *notes_of(const struct verb *verb)
{
	char *text = NULL;
	size_t length;
	FILE *out = verb->print_notes ? open_memstream(&text, &length) : NULL;
	if (!out)
		return xstrdup("");
	verb->print_notes(out);
	fclose(out);
	return text;
}

static struct rows option_rows(const struct option *options)
{
	struct rows rows = {NULL, 0};
	for (int pass = 0; pass < 2; pass++) /* the common ones come last */
		for (const struct option *option = options; option->name; option++) {
			char *text = NULL;
			size_t length;
			FILE *out = is_common(option) == (pass == 1) ? open_memstream(&text, &length) : NULL;
			if (!out)
				continue;
			print_option(out, option);
			fclose(out);
			rows_add(&rows, option->name, text);
		}
	return rows;
}

/* The most that a screen holds: of the notes the first paragraph, not all options, two examples. */
static void print_short(FILE *out, const struct command *command, const struct verb *verb, char *notes)
{
	char *end = *notes ? strstr(notes + 1, "\n\n") : NULL;
	if (end)
		end[1] = '\0';
	struct rows rows = option_rows(verb->options);
	/* Usage, summary, an empty line; the line that tells of more; the examples with their title. */
	print_rows(out, &rows, "--", SCREEN_LINES - 4 - (2 + EXAMPLES_SHOWN) - count_lines(notes));
	rows_free(&rows);
	fprintf(out, "%s'%s%s%s --help-all' tells the whole, %s(1) more.\n", notes, command->name,
		verb->name ? " " : "", verb->name ? verb->name : "", command->name);
	print_examples(out, verb->examples, EXAMPLES_SHOWN);
}

void help_print_verb(FILE *out, const struct command *command, const struct verb *verb, bool is_all)
{
	cleanup_free char *notes = notes_of(verb);
	char *body = NULL;
	size_t length;
	FILE *whole = open_memstream(&body, &length);
	if (!whole)
		return;
	print_options(whole, verb->options);
	fputs(notes, whole);
	print_examples(whole, verb->examples, INT32_MAX);
	fclose(whole);
	help_print_usage(out, command, verb);
	fprintf(out, "%s\n\n", verb->summary);
	if (is_all || 3 + count_lines(body) <= SCREEN_LINES)
		fputs(body, out);
	else
		print_short(out, command, verb, notes);
	free(body);
}

void help_print_command(FILE *out, const struct command *command, bool is_all)
{
	struct rows rows = {NULL, 0};
	int width = 10;
	for (const struct verb *verb = command->verbs; verb->run; verb++)
		width = (int)strlen(verb->name) > width ? (int)strlen(verb->name) : width;
	for (const struct verb *verb = command->verbs; verb->run; verb++)
		rows_add(&rows, verb->name,
			 xasprintf("  %-*s %s\n", width, verb->name, verb->summary));
	fprintf(out, "usage: %s VERB [OPTION ...] [OPERAND ...]\n%s\n\n", command->name,
		command->summary);
	int budget = SCREEN_LINES - 5 - (2 + EXAMPLES_SHOWN);
	bool is_short = !is_all && (int)rows.count > budget;
	print_rows(out, &rows, "", is_short ? budget : INT32_MAX);
	rows_free(&rows);
	fprintf(out, "\n'%s VERB --help' tells the options of a verb%s.\n", command->name,
		is_short ? ", '--help-all' of all verbs" : "");
	print_examples(out, command->example, is_all ? INT32_MAX : EXAMPLES_SHOWN);
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
