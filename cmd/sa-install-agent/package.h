/* A package that carries an agent, chosen for this machine. */
#ifndef SA_INSTALL_AGENT_PACKAGE_H
#define SA_INSTALL_AGENT_PACKAGE_H

#include "agent/catalog.h"

#include <stdbool.h>

struct package {
	char *npm;	 /* name in the npm registry */
	char *version;	 /* the pinned one, or what was asked for */
	char *suffix;	 /* what this platform adds to a version; NULL: nothing */
	char *integrity; /* of the pinned version (SRI); NULL: the registry's word is taken */
	char *entry;	 /* the program, below package/ */
	char *node;	 /* least version of Node that runs it; NULL: it is native */
	bool has_dependencies; /* npm has to install it */
};
void package_clear(struct package *package);
#define cleanup_package __attribute__((cleanup(package_clear)))

/* The first of the record's "packages" that fits this machine. 0; -1 with
 * PROBLEM_INSTALL_FAILED: none fits, or the agent is no package (its "maker" says more). */
int package_of_agent(const struct agent_record *record, struct package *ret, struct sa_error *err);
/* The official ACP adapter's package. 0; -1: it has none. */
int package_of_adapter(const struct agent_record *record, struct package *ret,
		       struct sa_error *err);
/* Ask for another version, without the platform's suffix. The pinned digest holds no more. */
void package_set_version(struct package *package, const char *version);
/* Its version as people know it: without the platform's suffix. The caller frees. */
char *package_plain_version(const struct package *package);
/* The file name that "npm pack" gives its tarball. The caller frees. */
char *package_file_name(const struct package *package);

/* "x64" or "arm64"; another machine's own name otherwise. */
const char *platform_arch(void);
/* "linux-x86_64", as the ACP registry writes it. */
const char *platform_acp(void);

#endif
