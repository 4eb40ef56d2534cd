#include "digest.h"

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/xalloc.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, SHA256_HEX_CHARS = 64 };

enum algorithm { ALGORITHM_NONE, ALGORITHM_SHA256_HEX, ALGORITHM_SHA256, ALGORITHM_SHA512 };

static enum algorithm algorithm_of(struct span word)
{
	if (span_starts_with(word, "sha512-"))
		return ALGORITHM_SHA512;
	if (span_starts_with(word, "sha256-"))
		return ALGORITHM_SHA256;
	if (word.n == SHA256_HEX_CHARS) {
		cleanup_free char *text = xmemdup0(word.p, word.n);
		if (strspn(text, "0123456789abcdefABCDEF") == word.n)
			return ALGORITHM_SHA256_HEX;
	}
	return ALGORITHM_NONE;
}

/* The next word of an integrity; n == 0 at its end. */
static struct span next_word(const char **at)
{
	*at += strspn(*at, " \t\r\n");
	struct span word = {*at, strcspn(*at, " \t\r\n")};
	*at += word.n;
	return word;
}

static enum algorithm strongest(const char *integrity)
{
	enum algorithm best = ALGORITHM_NONE;
	const char *at = integrity ? integrity : "";
	for (struct span word = next_word(&at); word.n; word = next_word(&at))
		if (algorithm_of(word) > best)
			best = algorithm_of(word);
	return best;
}

bool digest_is_known(const char *integrity)
{
	return strongest(integrity) != ALGORITHM_NONE;
}

static int hash(int fd, enum algorithm algorithm, unsigned char *out, const char *what,
		struct sa_error *err)
{
	cleanup_free unsigned char *chunk = xmalloc(READ_BYTES);
	crypto_hash_sha512_state sha512;
	crypto_hash_sha256_state sha256;
	crypto_hash_sha512_init(&sha512);
	crypto_hash_sha256_init(&sha256);
	for (off_t at = 0;;) {
		ssize_t n = pread(fd, chunk, READ_BYTES, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, PROBLEM_INSTALL_FAILED, errno, "read %s", what);
		if (n == 0)
			break;
		if (algorithm == ALGORITHM_SHA512)
			crypto_hash_sha512_update(&sha512, chunk, (unsigned long long)n);
		else
			crypto_hash_sha256_update(&sha256, chunk, (unsigned long long)n);
		at += n;
	}
	if (algorithm == ALGORITHM_SHA512)
		crypto_hash_sha512_final(&sha512, out);
	else
		crypto_hash_sha256_final(&sha256, out);
	return 0;
}

/* The digest in the form of this algorithm. NULL with err. */
static char *digest_of(int fd, enum algorithm algorithm, const char *what, struct sa_error *err)
{
	unsigned char raw[crypto_hash_sha512_BYTES];
	size_t n = algorithm == ALGORITHM_SHA512 ? crypto_hash_sha512_BYTES
						 : crypto_hash_sha256_BYTES;
	if (hash(fd, algorithm, raw, what, err) < 0)
		return NULL;
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (algorithm == ALGORITHM_SHA256_HEX) {
		for (size_t i = 0; i < n; i++)
			buf_addf(&text, "%02x", raw[i]);
		return buf_take(&text);
	}
	buf_adds(&text, algorithm == ALGORITHM_SHA512 ? "sha512-" : "sha256-");
	base64_add(&text, (struct span){(const char *)raw, n});
	return buf_take(&text);
}

char *digest_sha512(int fd, const char *what, struct sa_error *err)
{
	return digest_of(fd, ALGORITHM_SHA512, what, err);
}

/* SRI allows options behind "?". */
static bool is_same(struct span word, const char *got, enum algorithm algorithm)
{
	const char *option = memchr(word.p, '?', word.n);
	if (option)
		word.n = (size_t)(option - word.p);
	if (word.n != strlen(got))
		return false;
	return algorithm == ALGORITHM_SHA256_HEX ? strncasecmp(word.p, got, word.n) == 0
						 : memcmp(word.p, got, word.n) == 0;
}

int digest_check(int fd, const char *integrity, const char *what, struct sa_error *err)
{
	enum algorithm algorithm = strongest(integrity);
	if (algorithm == ALGORITHM_NONE)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "%s: no digest of a known kind in '%.100s'", what, integrity);
	cleanup_free char *got = digest_of(fd, algorithm, what, err);
	if (!got)
		return -1;
	const char *at = integrity;
	for (struct span word = next_word(&at); word.n; word = next_word(&at))
		if (algorithm_of(word) == algorithm && is_same(word, got, algorithm))
			return 0;
	return error_set(err, PROBLEM_INSTALL_FAILED,
			 "%s is not what was promised: its digest is %s, expected %.200s", what, got,
			 integrity);
}
