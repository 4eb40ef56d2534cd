/* Globs over commands and paths, for rules. */
#ifndef SA_POLICY_MATCH_H
#define SA_POLICY_MATCH_H

#include <stdbool.h>

/* fnmatch(3) with "*" going over slashes: shell patterns for whole texts. */
bool match_glob(const char *pattern, const char *text);
/* A path pattern; one that is not absolute is below cwd. path is absolute. */
bool match_path_glob(const char *cwd, const char *pattern, const char *path);
/* Does text hold anything that a shell would act on beyond words: ; & | < > ` $( and newlines? */
bool match_has_shell_syntax(const char *text);
/*
 * Does the pattern match the whole command line, or any of the commands that
 * it may consist of (cut at ; & | newlines, brackets and back quotes, with
 * and without what stands in front: assignments, "sudo", "env", "xargs",
 * "then", "sh -c" and the like)? It errs on the side of a match: for rules
 * that deny.
 */
bool match_any_command(const char *pattern, const char *text);

#endif
