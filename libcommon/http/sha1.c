#include "http/sha1.h"

#include <stdint.h>

enum { BLOCK_BYTES = 64 };

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

/* RFC 3174 6.1 */
static void add_block(uint32_t h[5], const unsigned char *block)
{
	uint32_t w[80];
	for (size_t t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (size_t t = 16; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (size_t t = 0; t < 80; t++) {
		uint32_t f = t < 20   ? (b & c) | (~b & d)
			     : t < 40 ? b ^ c ^ d
			     : t < 60 ? (b & c) | (b & d) | (c & d)
				      : b ^ c ^ d;
		uint32_t k = t < 20   ? 0x5a827999
			     : t < 40 ? 0x6ed9eba1
			     : t < 60 ? 0x8f1bbcdc
				      : 0xca62c1d6;
		uint32_t next = rotate(a, 5) + f + e + w[t] + k;
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1(struct span text, unsigned char out[SHA1_BYTES])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	unsigned char last[2 * BLOCK_BYTES] = {0};
	size_t whole = text.n - text.n % BLOCK_BYTES, left = text.n - whole;
	for (size_t at = 0; at < whole; at += BLOCK_BYTES)
		add_block(h, (const unsigned char *)text.p + at);
	/* RFC 3174 4: one bit, zeros, the length in bits. */
	if (left)
		memcpy(last, text.p + whole, left);
	last[left] = 0x80;
	size_t padded = left < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES;
	uint64_t bits = (uint64_t)text.n * 8;
	for (size_t i = 0; i < 8; i++)
		last[padded - 1 - i] = (unsigned char)(bits >> (8 * i));
	for (size_t at = 0; at < padded; at += BLOCK_BYTES)
		add_block(h, last + at);
	for (size_t i = 0; i < SHA1_BYTES; i++)
		out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}
