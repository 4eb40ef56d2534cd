/*
 * The desktop's Secret Service, through libsecret's secret-tool when it is
 * on PATH. Only with --keyring: an unlocked keyring answers at once, a
 * locked one may put up a dialog, so the time is limited.
 */
#ifndef SA_CREDENTIALS_KEYRING_H
#define SA_CREDENTIALS_KEYRING_H

#include "finding.h"

/* Look up the items with the attributes application=sandbox-agent, provider=<name>. */
void keyring_search(struct findings *list);

#endif
