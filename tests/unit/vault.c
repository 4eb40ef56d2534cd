/* libs: -lsodium */
/* The vault's format, read by the words of sa-credentials(5) and not by our own reader. */
#include "tap.h"

#include "../../cmd/sa-credentials/locked.c"
#include "../../cmd/sa-credentials/vault.c"

#include "base/xalloc.h"

#define PLAIN                                                                                     \
	"{\"version\":1,\"entries\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\",\"value\":" \
	"\"2\"}]}"
#define SECRET "0123456789abcdef0123456789abcdef"

static struct buf sealed(enum vault_kdf kdf, struct sa_error *err)
{
	struct vault_header h = vault_header_new(kdf);
	if (kdf == VAULT_KDF_PASSPHRASE) { /* the least work that libsodium allows */
		h.passes = 1;
		h.memory_bytes = 8192;
	}
	struct buf file = BUF_INIT(BUF_MAX_OWN);
	ok(vault_seal(&h, SPAN_LIT(SECRET), SPAN_LIT(PLAIN), &file, err) == 0, "sealed");
	return file;
}

/* Open file as the manual page says. */
static void test_layout(const struct buf *file, bool is_key_file)
{
	const unsigned char *p = (const unsigned char *)file->data;
	unsigned char key[32], plain[sizeof(PLAIN)];
	unsigned long long n = 0;
	is_int(file->len, 64 + strlen(PLAIN) + 16, "header, text and tag");
	ok(memcmp(p, "sa-vault", 8) == 0 && p[8] == 1 && p[9] == (is_key_file ? 2 : 1) &&
	       p[10] == 0 && p[11] == 0,
	   "magic, version, kdf, reserved");
	if (is_key_file)
		crypto_generichash(key, 32, (const unsigned char *)SECRET, strlen(SECRET), p + 24,
				   16);
	else
		ok(crypto_pwhash(key, 32, SECRET, strlen(SECRET), p + 24, p[12],
				 (size_t)p[16] | (size_t)p[17] << 8,
				 crypto_pwhash_ALG_ARGON2ID13) == 0,
		   "Argon2id with what the header says");
	ok(crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &n, NULL, p + 64, file->len - 64, p,
						      64, p + 40, key) == 0,
	   "XChaCha20-Poly1305 opens it");
	is_text(((struct span){(char *)plain, n}), PLAIN, "and the text is the same");
}

static void test_changes(const struct buf *file)
{
	struct sa_error err = SA_ERROR_INIT;
	struct buf plain = BUF_INIT(0);
	size_t opened = 0;
	for (size_t i = 0; i < file->len; i++) {
		char *copy = xmemdup0(file->data, file->len);
		copy[i] = (char)(copy[i] ^ 1);
		if (vault_open((struct span){copy, file->len}, SPAN_LIT(SECRET), 0, &plain, &err) ==
		    0) {
			opened++;
			locked_free(&plain);
		}
		free(copy);
	}
	is_int(opened, 0, "a vault with any one bit changed does not open");
	for (size_t n = 0; n < file->len; n++)
		if (vault_open((struct span){file->data, n}, SPAN_LIT(SECRET), 0, &plain, &err) ==
		    0)
			opened++;
	is_int(opened, 0, "a vault that was cut does not open");
	ok(vault_open(buf_span(file), SPAN_LIT("wrong"), 0, &plain, &err) < 0 &&
	       err.kind == PROBLEM_PERMISSION_DENIED,
	   "a wrong secret is denied");
	ok(vault_open(buf_span(file), SPAN_LIT(SECRET), 0, &plain, &err) == 0,
	   "the right one opens it");
	is_span(buf_span(&plain), SPAN_LIT(PLAIN), "with its text");
	locked_free(&plain);
}

static void test_bounds(const struct buf *file)
{
	static const struct {
		size_t at;
		unsigned char value;
		const char *name;
	} rows[] = {
	    {8, 2, "another version"},	  {9, 0, "no kdf"},
	    {9, 3, "an unknown kdf"},	  {10, 1, "reserved bytes"},
	    {12, 0, "no passes"},	  {13, 1, "too many passes"},
	    {20, 1, "4 GiB of memory"},	  {23, 255, "very much memory"},
	    {17, 0, "too little memory"},
	};
	struct vault_header h;
	struct sa_error err = SA_ERROR_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *copy = xmemdup0(file->data, file->len);
		copy[rows[i].at] = (char)rows[i].value;
		ok(vault_header_parse((struct span){copy, file->len}, &h, &err) < 0, "refused: %s",
		   rows[i].name);
		free(copy);
	}
}

static void test_entries(void)
{
	struct sa_error err = SA_ERROR_INIT;
	struct vault_entry entry;
	struct buf out = locked_new(200), full = locked_new(10);
	ok(vault_find(SPAN_LIT(PLAIN), "b", &entry) && span_is(entry.value, "\"2\""),
	   "an entry is found");
	ok(!vault_find(SPAN_LIT(PLAIN), "c", &entry), "another one is not");
	ok(vault_rebuild(SPAN_LIT(PLAIN), "a", SPAN_LIT("{\"name\":\"c\"}"), &out, &err) == 0,
	   "rebuilt");
	is_str(out.data,
	       "{\"version\":1,\"entries\":[{\"name\":\"c\"},{\"name\":\"b\",\"value\":\"2\"}]}",
	       "the other one in its place");
	ok(vault_rebuild(SPAN_LIT(PLAIN), "x", SPAN_NONE, &full, &err) < 0 &&
	       err.kind == PROBLEM_TOO_LARGE,
	   "locked memory does not grow");
	locked_free(&out);
	locked_free(&full);
}

int main(void)
{
	struct sa_error err = SA_ERROR_INIT;
	ok(crypto_start(&err) == 0, "libsodium starts");
	struct vault_header usual = vault_header_new(VAULT_KDF_PASSPHRASE);
	ok(usual.passes == 3 && usual.memory_bytes == 64 << 20,
	   "a new vault costs 64 MiB, three passes");
	struct buf a = sealed(VAULT_KDF_KEY_FILE, &err), b = sealed(VAULT_KDF_PASSPHRASE, &err);
	test_layout(&a, true);
	test_layout(&b, false);
	test_changes(&a);
	test_bounds(&b);
	test_entries();
	buf_free(&a);
	buf_free(&b);
	return done_testing();
}
