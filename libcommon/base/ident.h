/* Random identifiers: short to type, safe in a path, without meaning. */
#ifndef SA_BASE_IDENT_H
#define SA_BASE_IDENT_H

#include <stddef.h>

/* A new string (caller frees) of length digits and lower-case letters without
 * i, l, o, u (Crockford's base 32): 5 bits of getrandom(2) each. */
char *ident_random(size_t length);

enum { IDENT_UUID_BYTES = 37 };
/* A random UUID (RFC 9562 5.4), with its NUL, into out, which has IDENT_UUID_BYTES. */
void ident_uuid(char *out);

#endif
