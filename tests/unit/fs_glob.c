/* Shell patterns of sa-fs search. */
#include "tap.h"

#include "../../cmd/sa-fs/glob.c"

int main(void)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
	    {"", "", true},	      {"", "a", false},		 {"a", "a", true},
	    {"a", "", false},	      {"*", "", true},		 {"*", "a/b", true},
	    {"*.c", "x.c", true},     {"*.c", "x.ch", false},	 {"*.c", ".c", true},
	    {"a*b*c", "aXbYc", true}, {"a*b*c", "aXcYb", false}, {"a**b", "ab", true},
	    {"?", "a", true},	      {"?", "", false},		 {"??", "a", false},
	    {"[abc]", "b", true},     {"[abc]", "d", false},	 {"[a-c]x", "bx", true},
	    {"[!a-c]", "d", true},    {"[!a-c]", "b", false},	 {"[^a]", "b", true},
	    {"[]]", "]", true},	      {"[]a]", "a", true},	 {"[a-]", "-", true},
	    {"[a", "[a", true},	      {"[", "[", true},		 {"[a", "a", false},
	    {"\\*", "*", true},	      {"\\*", "a", false},	 {"[\\]]", "]", true},
	    {"a\\", "a\\", true},     {"*a", "aaaa", true},	 {"*[0-9].log", "x7.log", true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(glob_matches(cases[i].pattern, cases[i].text) == cases[i].matches,
		   "'%s' on '%s'", cases[i].pattern, cases[i].text);
	/* Would take until the end of days with a matcher that tries every way. */
	char text[4096], pattern[512];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 3);
	memcpy(pattern + sizeof(pattern) - 3, "b", 2);
	ok(!glob_matches(pattern, text), "many stars on a long text");
	return done_testing();
}
