#include "base/ident.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <sys/random.h>

char *ident_random(size_t length)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	char *text = xmalloc(length + 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char byte;
		/* Up to 256 bytes cannot fail or be short once the pool is ready. */
		while (getrandom(&byte, 1, 0) != 1)
			continue;
		text[i] = digits[byte & 31];
	}
	text[length] = '\0';
	return text;
}
