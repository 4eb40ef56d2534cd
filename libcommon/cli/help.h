/* Help texts out of the option tables. Used by cli/command only. */
#ifndef SA_CLI_HELP_H
#define SA_CLI_HELP_H

#include "cli/command.h"

#include <stdbool.h>
#include <stdio.h>

/* "usage: sa-session new [OPTION ...] ..." */
void help_print_usage(FILE *out, const struct command *command, const struct verb *verb);
/*
 * Both fit a screen of 24 lines unless is_all: then options, notes and
 * examples for which there is no room are told, too.
 */
void help_print_verb(FILE *out, const struct command *command, const struct verb *verb, bool is_all);
void help_print_command(FILE *out, const struct command *command, bool is_all);
/*
 * The tables as text for the completion generator and the documentation
 * check, tab-separated: "command NAME SUMMARY", "verb NAME OPERANDS SUMMARY
 * COMPLETE" ("-" stands for "nothing"), "option VERB NAME LETTER ARGUMENT
 * HELP COMPLETE".
 */
void help_dump(FILE *out, const struct command *command);

#endif
