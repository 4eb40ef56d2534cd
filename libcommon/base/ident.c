#include "base/ident.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <sys/random.h>

static unsigned char random_byte(void)
{
	unsigned char byte;
	/* Up to 256 bytes cannot fail or be short once the pool is ready. */
	while (getrandom(&byte, 1, 0) != 1)
		continue;
	return byte;
}

char *ident_random(size_t length)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	char *text = xmalloc(length + 1);
	for (size_t i = 0; i < length; i++)
		text[i] = digits[random_byte() & 31];
	text[length] = '\0';
	return text;
}

void ident_uuid(char *out)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[16];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = random_byte();
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
