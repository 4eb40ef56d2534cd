/* Digests of files, as Subresource Integrity writes them: "sha512-BASE64" (W3C SRI). */
#ifndef SA_INSTALL_AGENT_DIGEST_H
#define SA_INSTALL_AGENT_DIGEST_H

#include "base/error.h"

#include <stdbool.h>

/* "sha512-..." of what fd holds from its beginning. The caller frees; NULL with err. */
char *digest_sha512(int fd, const char *what, struct sa_error *err);
/*
 * Is the file what integrity says? Integrity is one or more of sha512-,
 * sha256- (base64) or a bare SHA-256 in hex; of several algorithms the
 * strongest counts, as in the standard. 0; -1 with PROBLEM_INSTALL_FAILED
 * that names both digests.
 */
int digest_check(int fd, const char *integrity, const char *what, struct sa_error *err);
/* Is there a digest in it that digest_check() understands? */
bool digest_is_known(const char *integrity);

#endif
