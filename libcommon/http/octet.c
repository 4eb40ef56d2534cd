#include "http/octet.h"

enum {
	T = OCTET_TOKEN,
	V = OCTET_VALUE,
	U = OCTET_TARGET,
	H = OCTET_HOST,
};

const unsigned char http_octets[256] = {
    ['\t'] = V,
    [' '] = V,
    ['!'] = T | V | U,
    ['"'] = V | U,
    ['#'] = T | V,
    ['$' ... '\''] = T | V | U,
    ['(' ... ')'] = V | U,
    ['*' ... '+'] = T | V | U,
    [','] = V | U,
    ['-' ... '.'] = T | V | U | H,
    ['/'] = V | U,
    ['0' ... '9'] = T | V | U | H,
    [':' ... ';'] = V | U,
    ['<'] = V,
    ['='] = V | U,
    ['>'] = V,
    ['?' ... '@'] = V | U,
    ['A' ... 'Z'] = T | V | U | H,
    ['[' ... ']'] = V | U,
    ['^'] = T | V | U,
    ['_'] = T | V | U | H,
    ['`'] = T | V | U,
    ['a' ... 'z'] = T | V | U | H,
    ['{'] = V | U,
    ['|'] = T | V | U,
    ['}'] = V | U,
    ['~'] = T | V | U | H,
    [0x80 ... 0xff] = V | U,
};

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool http_equal_nocase(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool http_is_nocase(struct span a, const char *text)
{
	return a.p && http_equal_nocase(a, span_of(text));
}

struct span http_trim(struct span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}
