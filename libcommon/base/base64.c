#include "base/base64.h"

#include <stdint.h>

int base64_add(struct buf *b, struct span data)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)data.p;
	for (size_t i = 0; i < data.n; i += 3) {
		size_t have = data.n - i < 3 ? data.n - i : 3;
		uint32_t bits = (uint32_t)p[i] << 16;
		bits |= have > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		bits |= have > 2 ? p[i + 2] : 0;
		char out[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
			       have > 1 ? digits[bits >> 6 & 63] : '=',
			       have > 2 ? digits[bits & 63] : '='};
		if (buf_add(b, out, 4) < 0)
			return -1;
	}
	return 0;
}
