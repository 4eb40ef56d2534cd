#include "vault.h"

#include "locked.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

#include <sodium.h>

#define MAGIC "sa-vault"
enum {
	MAGIC_BYTES = 8,
	VERSION = 1,
	KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	/* RFC 9106 4, second recommended choice: t = 3, m = 64 MiB. */
	ARGON_PASSES = 3,
	ARGON_MEMORY_BYTES = 64 << 20,
	/* A file from elsewhere must not make us work for hours. */
	ARGON_PASSES_MAX = 64,
	ARGON_MEMORY_MAX_BYTES = 1 << 30,
	/* Offsets in the header, sa-credentials(5). */
	AT_VERSION = 8,
	AT_KDF = 9,
	AT_RESERVED = 10,
	AT_PASSES = 12,
	AT_MEMORY = 16,
	AT_SALT = 24,
	AT_NONCE = 40,
};

_Static_assert(VAULT_SALT_BYTES == crypto_pwhash_SALTBYTES, "salt");
_Static_assert(VAULT_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(AT_NONCE + VAULT_NONCE_BYTES == VAULT_HEADER_BYTES, "header");

static void put_little(unsigned char *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get_little(const unsigned char *at, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

bool vault_is_vault(struct span file)
{
	return span_starts_with(file, MAGIC);
}

struct vault_header vault_header_new(enum vault_kdf kdf)
{
	struct vault_header h = {.kdf = kdf};
	if (kdf == VAULT_KDF_PASSPHRASE) {
		h.passes = ARGON_PASSES;
		h.memory_bytes = ARGON_MEMORY_BYTES;
	}
	randombytes_buf(h.salt, sizeof(h.salt));
	return h;
}

static void header_pack(const struct vault_header *h, unsigned char *out)
{
	memcpy(out, MAGIC, MAGIC_BYTES);
	out[AT_VERSION] = VERSION;
	out[AT_KDF] = (unsigned char)h->kdf;
	put_little(out + AT_RESERVED, 0, 2);
	put_little(out + AT_PASSES, h->passes, 4);
	put_little(out + AT_MEMORY, h->memory_bytes, 8);
	memcpy(out + AT_SALT, h->salt, VAULT_SALT_BYTES);
	memcpy(out + AT_NONCE, h->nonce, VAULT_NONCE_BYTES);
}

int vault_header_parse(struct span file, struct vault_header *ret_header, struct sa_error *err)
{
	const unsigned char *p = (const unsigned char *)file.p;
	if (!vault_is_vault(file) || file.n < VAULT_HEADER_BYTES + TAG_BYTES)
		return error_set(err, PROBLEM_FAILED, "not a vault, or cut off");
	if (p[AT_VERSION] != VERSION)
		return error_set(err, PROBLEM_FAILED,
				 "a vault of version %d; this program knows %d", p[AT_VERSION],
				 VERSION);
	struct vault_header h = {
	    .kdf = (enum vault_kdf)p[AT_KDF],
	    .passes = (uint32_t)get_little(p + AT_PASSES, 4),
	    .memory_bytes = get_little(p + AT_MEMORY, 8),
	};
	memcpy(h.salt, p + AT_SALT, VAULT_SALT_BYTES);
	memcpy(h.nonce, p + AT_NONCE, VAULT_NONCE_BYTES);
	bool is_sane = get_little(p + AT_RESERVED, 2) == 0;
	if (h.kdf == VAULT_KDF_PASSPHRASE)
		is_sane = is_sane && h.passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
			  h.passes <= ARGON_PASSES_MAX &&
			  h.memory_bytes >= crypto_pwhash_argon2id_MEMLIMIT_MIN &&
			  h.memory_bytes <= ARGON_MEMORY_MAX_BYTES;
	else
		is_sane = is_sane && h.kdf == VAULT_KDF_KEY_FILE && !h.passes && !h.memory_bytes;
	if (!is_sane)
		return error_set(err, PROBLEM_FAILED, "a vault with a header that makes no sense");
	*ret_header = h;
	return 0;
}

static int derive(const struct vault_header *h, struct span secret, unsigned char *ret_key,
		  struct sa_error *err)
{
	int rc;
	if (h->kdf == VAULT_KDF_PASSPHRASE)
		rc = crypto_pwhash(ret_key, KEY_BYTES, secret.p, secret.n, h->salt, h->passes,
				   (size_t)h->memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
	else
		rc = crypto_generichash(ret_key, KEY_BYTES, (const unsigned char *)secret.p,
					secret.n, h->salt, sizeof(h->salt));
	if (rc == 0)
		return 0;
	return error_set(err, PROBLEM_FAILED, "derive the vault's key: not enough memory");
}

int vault_open(struct span file, struct span secret, size_t extra, struct buf *ret_plain,
	       struct sa_error *err)
{
	struct vault_header h;
	if (vault_header_parse(file, &h, err) < 0)
		return -1;
	size_t n = file.n - VAULT_HEADER_BYTES;
	if (n > VAULT_PLAIN_MAX_BYTES + TAG_BYTES)
		return error_set(err, PROBLEM_TOO_LARGE, "a vault that is too large");
	cleanup_locked struct buf key = locked_new(KEY_BYTES);
	if (derive(&h, secret, (unsigned char *)key.data, err) < 0)
		return -1;
	struct buf plain = locked_new(n - TAG_BYTES + extra);
	unsigned long long plain_bytes = 0;
	const unsigned char *p = (const unsigned char *)file.p;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		(unsigned char *)plain.data, &plain_bytes, NULL, p + VAULT_HEADER_BYTES, n, p,
		VAULT_HEADER_BYTES, h.nonce, (const unsigned char *)key.data) < 0) {
		locked_free(&plain);
		return error_set(err, PROBLEM_PERMISSION_DENIED,
				 "wrong passphrase or key, or the file was changed");
	}
	plain.len = (size_t)plain_bytes;
	plain.data[plain.len] = '\0';
	if (json_check(buf_span(&plain), NULL) < 0) {
		locked_free(&plain);
		return error_set(err, PROBLEM_FAILED, "a vault whose content is not JSON");
	}
	*ret_plain = plain;
	return 0;
}

int vault_seal(struct vault_header *header, struct span secret, struct span plain,
	       struct buf *ret_file, struct sa_error *err)
{
	if (plain.n > VAULT_PLAIN_MAX_BYTES)
		return error_set(err, PROBLEM_TOO_LARGE, "the vault is full (%d bytes)",
				 VAULT_PLAIN_MAX_BYTES);
	/* Random 192-bit nonces do not repeat. */
	randombytes_buf(header->nonce, sizeof(header->nonce));
	cleanup_locked struct buf key = locked_new(KEY_BYTES);
	if (derive(header, secret, (unsigned char *)key.data, err) < 0)
		return -1;
	size_t n = VAULT_HEADER_BYTES + plain.n + TAG_BYTES;
	if (buf_reserve(ret_file, n) < 0)
		return error_set(err, PROBLEM_TOO_LARGE, "the vault is full");
	unsigned char *out = (unsigned char *)ret_file->data + ret_file->len;
	header_pack(header, out);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
	    out + VAULT_HEADER_BYTES, NULL, (const unsigned char *)plain.p, plain.n, out,
	    VAULT_HEADER_BYTES, NULL, header->nonce, (const unsigned char *)key.data);
	ret_file->len += n;
	return 0;
}

/* --- the plain text: {"version":1,"entries":[{...}]} ---------------------- */

bool vault_next(struct span plain, size_t *cursor, struct vault_entry *ret_entry)
{
	static const char *const names[] = {"name",  "provider",    "kind",
					    "value", "expiresAtMs", "updatedAtMs"};
	struct span list = json_get(plain, "entries");
	if (json_type(list) != JSON_ARRAY)
		return false;
	struct json_iter it = json_iter(list);
	if (*cursor)
		it.p = plain.p + *cursor;
	struct span value, members[ARRAY_SIZE(names)];
	if (!json_next(&it, NULL, &value))
		return false;
	*cursor = (size_t)(value.p + value.n - plain.p);
	json_members(value, names, members, ARRAY_SIZE(names));
	*ret_entry = (struct vault_entry){
	    .raw = value,
	    .name = members[0],
	    .provider = members[1],
	    .kind = members[2],
	    .value = members[3],
	    .expires_ms = json_int_or(members[4], 0),
	    .updated_ms = json_int_or(members[5], 0),
	};
	return true;
}

bool vault_find(struct span plain, const char *name, struct vault_entry *ret_entry)
{
	struct vault_entry entry;
	for (size_t cursor = 0; vault_next(plain, &cursor, &entry);) {
		if (!json_string_is(entry.name, name))
			continue;
		*ret_entry = entry;
		return true;
	}
	return false;
}

int vault_rebuild(struct span plain, const char *name, struct span addition, struct buf *out,
		  struct sa_error *err)
{
	json_open(out, '{');
	json_kv_int(out, "version", VERSION);
	json_key(out, "entries");
	json_open(out, '[');
	struct vault_entry entry;
	for (size_t cursor = 0; vault_next(plain, &cursor, &entry);) {
		if (!json_string_is(entry.name, name)) {
			json_add_raw(out, entry.raw);
		} else if (addition.p) {
			json_add_raw(out, addition);
			addition = SPAN_NONE;
		}
	}
	if (addition.p)
		json_add_raw(out, addition);
	json_close(out, ']');
	json_close(out, '}');
	return out->is_overflowed ? error_set(err, PROBLEM_TOO_LARGE, "the vault is full") : 0;
}
