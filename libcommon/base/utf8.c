#include "base/utf8.h"

size_t utf8_decode(struct span s, uint32_t *ret_code_point)
{
	if (s.n == 0)
		return 0;
	const unsigned char *p = (const unsigned char *)s.p;
	size_t need = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (need == 0 || s.n < need)
		return 0;
	static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t cp = p[0] & mask[need];
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if ((need == 3 && cp < 0x800) || (need == 4 && (cp < 0x10000 || cp > 0x10ffff)) ||
	    (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	if (ret_code_point)
		*ret_code_point = cp;
	return need;
}

/* Length of the leading run of ASCII, eight bytes at a time. */
static size_t ascii_run(struct span s)
{
	size_t i = 0;
	for (; i + 8 <= s.n; i += 8) {
		uint64_t word;
		memcpy(&word, s.p + i, 8);
		if (word & 0x8080808080808080u)
			break;
	}
	while (i < s.n && !((unsigned char)s.p[i] & 0x80))
		i++;
	return i;
}

bool utf8_is_valid(struct span s)
{
	for (size_t i = 0; i < s.n;) {
		i += ascii_run((struct span){s.p + i, s.n - i});
		if (i == s.n)
			break;
		size_t n = utf8_decode((struct span){s.p + i, s.n - i}, NULL);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

int utf8_add_repaired(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = ascii_run((struct span){s.p + i, s.n - i});
		if (n == 0)
			n = utf8_decode((struct span){s.p + i, s.n - i}, NULL);
		if (n ? buf_add(b, s.p + i, n) : buf_adds(b, "\xef\xbf\xbd"))
			return -1;
		i += n ? n : 1;
	}
	return 0;
}

size_t utf8_cut(struct span s, size_t max_bytes)
{
	if (s.n <= max_bytes)
		return s.n;
	/* A character has three continuation bytes at most: more are stray ones. */
	for (size_t back = 0; back < 4 && back <= max_bytes; back++)
		if (((unsigned char)s.p[max_bytes - back] & 0xc0) != 0x80)
			return max_bytes - back;
	return max_bytes;
}

int utf8_add(struct buf *b, uint32_t cp)
{
	char out[4];
	size_t n = 0;
	if (cp < 0x80) {
		out[n++] = (char)cp;
	} else if (cp < 0x800) {
		out[n++] = (char)(0xc0 | cp >> 6);
		out[n++] = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		out[n++] = (char)(0xe0 | cp >> 12);
		out[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (cp & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | cp >> 18);
		out[n++] = (char)(0x80 | (cp >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (cp & 0x3f));
	}
	return buf_add(b, out, n);
}
