/* Installing one agent: its native program, and what speaks ACP for it. */
#ifndef SA_INSTALL_AGENT_INSTALL_H
#define SA_INSTALL_AGENT_INSTALL_H

#include "agent/catalog.h"
#include "fetch.h"
#include "npmrc.h"
#include "package.h"
#include "place.h"

#include <stdbool.h>

struct install_options {
	const char *agent_version;   /* of the native program; NULL: the pinned one */
	const char *adapter_version; /* of the official adapter; asks for it too */
	const char *from;	     /* a file or folder instead of a registry */
	const char *lockfile;
	bool is_reinstall;
	bool is_offline;
	bool is_official; /* install the official adapter, too */
	bool is_lazy;	  /* on the way to a session: the working directory is not to be trusted */
	bool is_quiet;
};

enum { ARTIFACTS_MAX = 2 };

struct artifact {
	bool is_native;	    /* the agent's own program; else what speaks ACP */
	const char *source; /* "registry", "local_path", "builtin" */
	char *path;
	char *version; /* NULL: not known */
};

struct installation { /* nothing in it: there was nothing to do */
	struct artifact artifacts[ARTIFACTS_MAX];
	size_t count;
};
void installation_clear(struct installation *installation);
#define cleanup_installation __attribute__((cleanup(installation_clear)))

/* 0; -1, and what was in use still is, as the message says. */
int install_agent(const struct agent_record *record, const struct install_options *options,
		  struct installation *ret, struct sa_error *err);

/* The two components of an agent. */
int place_open_native(struct place *place, const struct agent_record *record, bool is_locked,
		      struct sa_error *err);
int place_open_adapter(struct place *place, const struct agent_record *record, bool is_locked,
		       struct sa_error *err);

/* One component under way; used by install.c, component.c and acp.c. */
struct component {
	const struct install_options *options;
	struct place *place;
	struct fetcher *fetcher;
	struct progress *progress;
	const char *source; /* out */
	char *version;	    /* out */
	bool is_version_asked;
};
/* Install package there. 0; 1: what the lock file wants is in use already; -1. */
int component_install(struct component *component, struct package *package, struct sa_error *err);
/* Fetch url into the place's partial file, check it, unpack it into a new staging folder.
 * integrity may be NULL: then *ret_integrity says what came. */
int component_unpack(struct component *component, const char *url, bool has_login,
		     const char *version, const char *integrity, int strip, char **ret_integrity,
		     struct sa_error *err);
/* Write the record of the staging folder. 0, or -1. */
int component_record(struct component *component, const char *package, const char *version,
		     const char *integrity, const char *entry, struct sa_error *err);

#endif
