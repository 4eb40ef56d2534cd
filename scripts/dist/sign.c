/*
 * Ed25519 over a file, detached, for releases. "make dist" builds and calls it; nobody installs it.
 *   sign new SECRET PUBLIC           a key pair; the secret one is for its owner only
 *   sign public SECRET               the public key of it, on standard output
 *   sign make SECRET FILE SIGNATURE
 *   sign check PUBLIC FILE SIGNATURE exit 1 when it is not by that key
 * Keys and signatures are raw bytes in base64, so that openssl can check them, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 256, FILE_MAX = 16 * 1024 * 1024 };

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "sign: %s: %s\n", what, why);
	exit(1);
}

static size_t read_file(const char *path, unsigned char *bytes, size_t size)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		fail(path, strerror(errno));
	size_t length = fread(bytes, 1, size, file);
	if (ferror(file) || length == size)
		fail(path, "too long, or it cannot be read");
	fclose(file);
	return length;
}

static void read_base64(const char *path, unsigned char *bytes, size_t size)
{
	unsigned char text[TEXT_MAX];
	size_t length = read_file(path, text, sizeof(text)), found;
	if (sodium_base642bin(bytes, size, (char *)text, length, "\n", &found, NULL,
			      sodium_base64_VARIANT_ORIGINAL) ||
	    found != size)
		fail(path, "it is not base64 of the right length");
	sodium_memzero(text, sizeof(text));
}

static void write_base64(const char *path, const unsigned char *bytes, size_t size, int mode)
{
	char text[TEXT_MAX];
	sodium_bin2base64(text, sizeof(text), bytes, size, sodium_base64_VARIANT_ORIGINAL);
	int fd = path ? open(path, O_WRONLY | O_CREAT | (mode == 0600 ? O_EXCL : O_TRUNC) | O_CLOEXEC, mode) : dup(1);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file))
		fail(path ? path : "standard output", strerror(errno));
	sodium_memzero(text, sizeof(text));
}

int main(int argc, char **argv)
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	unsigned char signature[crypto_sign_BYTES];
	unsigned char *content = malloc(FILE_MAX);
	const char *verb = argc > 2 ? argv[1] : "";
	if (!content || sodium_init() < 0)
		fail("start", "no memory, or no random bytes");
	if (!strcmp(verb, "new") && argc == 4) {
		crypto_sign_keypair(public, secret);
		write_base64(argv[2], secret, sizeof(secret), 0600);
		write_base64(argv[3], public, sizeof(public), 0644);
	} else if (!strcmp(verb, "public") && argc == 3) {
		read_base64(argv[2], secret, sizeof(secret));
		crypto_sign_ed25519_sk_to_pk(public, secret);
		write_base64(NULL, public, sizeof(public), 0644);
	} else if (!strcmp(verb, "make") && argc == 5) {
		read_base64(argv[2], secret, sizeof(secret));
		size_t length = read_file(argv[3], content, FILE_MAX);
		crypto_sign_detached(signature, NULL, content, length, secret);
		write_base64(argv[4], signature, sizeof(signature), 0644);
	} else if (!strcmp(verb, "check") && argc == 5) {
		read_base64(argv[2], public, sizeof(public));
		read_base64(argv[4], signature, sizeof(signature));
		size_t length = read_file(argv[3], content, FILE_MAX);
		if (crypto_sign_verify_detached(signature, content, length, public))
			fail(argv[3], "the signature is not by this key, or not of this file");
	} else {
		fputs("usage: sign new SECRET PUBLIC | public SECRET | make SECRET FILE SIGNATURE |"
		      " check PUBLIC FILE SIGNATURE\n", stderr);
		return 2;
	}
	sodium_memzero(secret, sizeof(secret));
	free(content);
	return 0;
}
