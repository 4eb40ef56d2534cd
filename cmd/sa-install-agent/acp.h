/*
 * The public registry of ACP agents: an index of all of them with where their
 * programs are. SANDBOX_AGENT_ACP_REGISTRY_URL names another one. The last
 * copy is kept with its ETag and serves when the registry is out of reach.
 */
#ifndef SA_INSTALL_AGENT_ACP_H
#define SA_INSTALL_AGENT_ACP_H

#include "install.h"

/* Has somebody named a registry in the environment? */
bool acp_is_named(void);
/*
 * Read the index into text: fetched anew if it changed; the last copy when
 * it cannot be fetched. 0; -1: neither can be had.
 */
int acp_index(struct fetcher *fetcher, struct buf *text, struct sa_error *err);
/*
 * Install an agent's entry as the adapter component: an archive with a
 * launcher, or an npm package. 1; 0: no registry is named and the record is
 * not out of one, or it has no entry; -1.
 */
int acp_install(struct component *component, const struct agent_record *record,
		struct sa_error *err);

#endif
