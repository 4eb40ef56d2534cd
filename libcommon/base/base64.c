#include "base/base64.h"

#include <stdint.h>

int base64_add(struct buf *b, struct span data)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)data.p;
	if (data.n > SIZE_MAX / 2 || buf_reserve(b, (data.n + 2) / 3 * 4) < 0)
		return -1;
	char *out = b->data + b->len;
	for (size_t i = 0; i < data.n; i += 3) {
		size_t have = data.n - i < 3 ? data.n - i : 3;
		uint32_t bits = (uint32_t)p[i] << 16;
		bits |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		bits |= have > 2 ? p[i + 2] : 0;
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = have > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = have > 2 ? digits[bits & 63] : '=';
	}
	b->len = (size_t)(out - b->data);
	*out = '\0';
	return 0;
}

/* 0-63, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, the last pad of them '='. The bits, or -1. */
static int32_t quantum(const char *p, int pad)
{
	int32_t bits = 0;
	for (int i = 0; i < 4; i++) {
		int value = i >= 4 - pad ? (p[i] == '=' ? 0 : -1) : value_of(p[i]);
		if (value < 0)
			return -1;
		bits = bits << 6 | value;
	}
	/* Bits that no byte takes are zero, or two texts would mean the same. */
	return bits & ((1 << 8 * pad) - 1) ? -1 : bits;
}

int base64_decode(struct buf *b, struct span text)
{
	size_t start = b->len;
	if (text.n % 4 != 0 || buf_reserve(b, text.n / 4 * 3) < 0)
		return -1;
	for (size_t i = 0; i < text.n; i += 4) {
		bool is_last = i + 4 == text.n;
		int pad = is_last && text.p[i + 3] == '=' ? (text.p[i + 2] == '=' ? 2 : 1) : 0;
		int32_t bits = quantum(text.p + i, pad);
		if (bits < 0) {
			b->len = start;
			if (b->data)
				b->data[start] = '\0';
			return -1;
		}
		char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
		buf_add(b, bytes, 3 - (size_t)pad);
	}
	return 0;
}
