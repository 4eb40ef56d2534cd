/*
 * Where a command is: beside this program, else on PATH. os/dirs can do that
 * too, but knows the password database, which a static program should not.
 */
#ifndef SA_FIND_H
#define SA_FIND_H

/* A path (caller frees), or NULL. */
char *find_command(const char *name);

#endif
