/*
 * Where things live (XDG Base Directory Specification). All results are
 * owned by the caller. A relative or empty XDG variable is ignored, as the
 * specification wants.
 */
#ifndef SA_OS_DIRS_H
#define SA_OS_DIRS_H

#include "base/error.h"

/* $HOME, else the password database's home; NULL when there is none. */
char *dirs_home(void);
/* State: $XDG_STATE_HOME/sandbox-agent, else ~/.local/state/sandbox-agent. NULL without a home. */
char *dirs_state(void);
/* Data: $XDG_DATA_HOME/sandbox-agent, else ~/.local/share/sandbox-agent. NULL without a home. */
char *dirs_data(void);
/* Configuration: $XDG_CONFIG_HOME/sandbox-agent, else ~/.config/sandbox-agent. NULL without a home.
 */
char *dirs_config(void);
/* Cache: $XDG_CACHE_HOME/sandbox-agent, else ~/.cache/sandbox-agent. NULL without a home. */
char *dirs_cache(void);
/* Make path and its parents, mode 0700 where new. 0, or -1. */
int dirs_make(const char *path, struct sa_error *err);
/* The folder of the running program; siblings are looked for there first. NULL when unknown. */
char *dirs_program(void);
/*
 * The path of a program: beside the running one, else on PATH; a name with a
 * slash is taken as it is. NULL when there is no executable file.
 */
char *dirs_find_sibling(const char *name);
/* On PATH only. NULL when not found. */
char *dirs_find_on_path(const char *name);
/* The same on another PATH (NULL: the usual one); a name with a slash is taken as it is. */
char *dirs_find_on(const char *path, const char *name);

#endif
