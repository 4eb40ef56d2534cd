/*
 * SHA-1 (RFC 3174), for the WebSocket handshake alone: it proves there that
 * the server understood the protocol and protects nothing. libsodium has
 * no SHA-1.
 */
#ifndef SA_HTTP_SHA1_H
#define SA_HTTP_SHA1_H

#include "base/span.h"

enum { SHA1_BYTES = 20 };

void sha1(struct span text, unsigned char out[SHA1_BYTES]);

#endif
