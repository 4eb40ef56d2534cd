/*
 * The vault's file format, sa-credentials(5): a header of 64 bytes, then
 * XChaCha20-Poly1305 (IETF) over JSON, with the header as associated data.
 * The key comes from a passphrase (Argon2id) or a key file (keyed BLAKE2b).
 * Pure: bytes in, bytes out.
 */
#ifndef SA_CREDENTIALS_VAULT_H
#define SA_CREDENTIALS_VAULT_H

#include "provider.h"

#include "base/error.h"
#include "base/span.h"

#include <stdint.h>

enum {
	VAULT_SALT_BYTES = 16,
	VAULT_NONCE_BYTES = 24,
	VAULT_HEADER_BYTES = 64,
	VAULT_PLAIN_MAX_BYTES = 1 << 20,
	VAULT_NAME_MAX_BYTES = 64,
};

enum vault_kdf {
	VAULT_KDF_PASSPHRASE = 1, /* Argon2id 1.3 */
	VAULT_KDF_KEY_FILE = 2,	  /* BLAKE2b-256 of the file, keyed with the salt */
};

struct vault_header {
	enum vault_kdf kdf;
	uint32_t passes;       /* Argon2id's t; 0 with a key file */
	uint64_t memory_bytes; /* Argon2id's m; 0 with a key file */
	unsigned char salt[VAULT_SALT_BYTES];
	unsigned char nonce[VAULT_NONCE_BYTES];
};

/* Does it begin like a vault, of whatever version? */
bool vault_is_vault(struct span file);
/* A fresh header with a new salt. */
struct vault_header vault_header_new(enum vault_kdf kdf);
/* 0; -1 with PROBLEM_FAILED when it is no vault, of an unknown version, or asks for
 * more work than a vault of ours would. */
int vault_header_parse(struct span file, struct vault_header *ret_header, struct sa_error *err);
/*
 * Decrypt into ret_plain, a locked buffer (locked_free) that has room for
 * extra more bytes. secret is the passphrase or the key file's content.
 * PROBLEM_PERMISSION_DENIED when the secret is wrong or a byte was changed.
 */
int vault_open(struct span file, struct span secret, size_t extra, struct buf *ret_plain,
	       struct sa_error *err);
/* Encrypt under header, with a new nonce, and append the file's bytes to ret_file. */
int vault_seal(struct vault_header *header, struct span secret, struct span plain,
	       struct buf *ret_file, struct sa_error *err);

/* One entry of the plain text; spans are JSON values inside it. */
struct vault_entry {
	struct span raw;
	struct span name, provider, kind, value;
	int64_t expires_ms; /* 0: never */
	int64_t updated_ms;
};

/* Walk over the entries of a plain text; *cursor starts at 0. false at the end. */
bool vault_next(struct span plain, size_t *cursor, struct vault_entry *ret_entry);
/* The entry with that name; false when there is none. */
bool vault_find(struct span plain, const char *name, struct vault_entry *ret_entry);
/* A plain text with every entry but the one called name; addition (JSON) in its place, or at
 * the end, unless it is SPAN_NONE. out is a locked buffer. -1 with PROBLEM_TOO_LARGE when it is
 * full. */
int vault_rebuild(struct span plain, const char *name, struct span addition, struct buf *out,
		  struct sa_error *err);

#endif
