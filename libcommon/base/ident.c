#include "base/ident.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <sys/random.h>

/* In one call each: whoever makes many names a second would notice. */
static void fill(unsigned char *bytes, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = getrandom(bytes + done, n - done, 0);
		done += got > 0 ? (size_t)got : 0;
	}
}

char *ident_random(size_t length)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	char *text = xmalloc(length + 1);
	fill((unsigned char *)text, length);
	for (size_t i = 0; i < length; i++)
		text[i] = digits[(unsigned char)text[i] & 31];
	text[length] = '\0';
	return text;
}

void ident_uuid(char *out)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[16];
	fill(bytes, sizeof(bytes));
	bytes[6] = (unsigned char)(0x40 | (bytes[6] & 0x0f));
	bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[bytes[i] >> 4];
		*out++ = hex[bytes[i] & 15];
	}
	*out = '\0';
}
