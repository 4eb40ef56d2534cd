#include "cli/words.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

/* What is split, joined and split again is the same. */
static void is_round(const char *text, const char *want)
{
	struct sa_error err = SA_ERROR_INIT;
	char **words = words_split(text, &err);
	char *joined = words_join(words);
	is_str(joined, want, text);
	char **again = words_split(joined, &err);
	size_t i = 0;
	while (again && words[i] && again[i] && strcmp(words[i], again[i]) == 0)
		i++;
	ok(again && !words[i] && !again[i], "and means the same words");
	words_free(words);
	words_free(again);
	free(joined);
}

int main(void)
{
	/* Words joined by '|'; NULL: refused. */
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"a", "a"},
	    {"a b  c", "a|b|c"},
	    {" \t\na\n b ", "a|b"},
	    {"'a b' \"c d\"", "a b|c d"},
	    {"a'b'\"c\"d", "abcd"},
	    {"''", ""},
	    {"a '' \"\" b", "a|||b"},
	    {"'\"' \"'\"", "\"|'"},
	    {"a\\ b", "a b"},
	    {"\\\"\\'\\\\", "\"'\\"},
	    {"'a\\b'", "a\\b"},
	    {"\"\\\"\\\\\\$\\`\"", "\"\\$`"},
	    {"\"\\n\\a\"", "\\n\\a"},
	    {"$HOME `id` $(id) *", "$HOME|`id`|$(id)|*"},
	    {"a;b|c&d>e", "a;b|c&d>e"},
	    {"#x", "#x"},
	    {"a\\", "a\\"},
	    {"\xc3\xa4 \xff", "\xc3\xa4|\xff"},
	    {"", NULL},
	    {" \t\n ", NULL},
	    {"'", NULL},
	    {"\"", NULL},
	    {"a 'b", NULL},
	    {"a \"b\\\"", NULL},
	    {"'a\\'' b'c", "a\\ bc"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa_error err = SA_ERROR_INIT;
		char **words = words_split(cases[i].text, &err);
		char joined[256] = "";
		size_t n = 0;
		for (char **word = words; word && *word; word++)
			n += (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%s",
					      word == words ? "" : "|", *word);
		is_str(words ? joined : NULL, cases[i].want, cases[i].text);
		ok(words || (err.kind == PROBLEM_INVALID_REQUEST && err.message[0]),
		   "and a refusal has a reason");
		words_free(words);
	}
	words_free(NULL);
	is_round("a  b", "a b");
	is_round("'a b' c\\\\d \"\"", "'a b' 'c\\d' ''");
	is_round("\"it's\" '\"'", "'it'\\''s' '\"'");
	return done_testing();
}
