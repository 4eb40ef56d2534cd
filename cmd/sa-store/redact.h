/* Take out of JSON what looks like a secret, and leave it JSON. */
#ifndef SA_STORE_REDACT_H
#define SA_STORE_REDACT_H

#include "base/buf.h"
#include "base/span.h"

#define REDACTED "[redacted]"

/*
 * Append json with these replaced by REDACTED: string values of members whose
 * name says secret (apiKey, token, password, authorization, ...), the "value" behind
 * such a "name" (as ACP has variables and headers), and inside
 * any string the keys of known services, JSON Web Tokens, Bearer tokens and
 * private key blocks. Everything else keeps its bytes. How many were replaced.
 */
int redact_add(struct buf *b, struct span json);

#endif
