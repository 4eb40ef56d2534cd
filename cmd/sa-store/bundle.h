/* What export writes and import reads. */
#ifndef SA_STORE_BUNDLE_H
#define SA_STORE_BUNDLE_H

#define BUNDLE_FORMAT "sandbox-agent-bundle"
enum { BUNDLE_VERSION = 1 };

#endif
