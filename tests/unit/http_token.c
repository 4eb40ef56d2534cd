#include "http/token.h"
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

static struct sa_error err;

static void put(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "w");
	if (!f || fwrite(text, 1, n, f) != n)
		exit(1);
	fclose(f);
}

static void from_file(void)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = {
	    {"abc\n", "abc"}, {"abc", "abc"},	{"abc\r\n", "abc"},  {"abc\n\n", "abc"},
	    {"", NULL},	      {"\n", NULL},	{" abc", NULL},	     {"a\nb", NULL},
	    {"a\tb", NULL},   {"a\177b", NULL}, {"a\303\244", NULL},
	};
	char path[] = "/tmp/sa-token.XXXXXX";
	int fd = mkstemp(path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *token = NULL;
		put(path, cases[i].text, strlen(cases[i].text));
		int rc = token_find(NULL, path, &token, &err);
		ok(rc == (cases[i].want ? 0 : -1) &&
		       (!cases[i].want || strcmp(token, cases[i].want) == 0),
		   "token file %zu", i);
		token_free(token);
	}
	static char big[TOKEN_BYTES_MAX + 1];
	memset(big, 'x', sizeof(big));
	char *token = NULL;
	put(path, big, TOKEN_BYTES_MAX);
	is_int(token_find(NULL, path, &token, &err), 0, "the longest token");
	token_free(token);
	put(path, big, sizeof(big));
	is_int(token_find(NULL, path, &token, &err), -1, "one byte more");
	unlink(path);
	close(fd);
	is_int(token_find(NULL, path, &token, &err), -1, "no file");
	is_int(err.kind, PROBLEM_NOT_FOUND, "is told as such");
}

int main(void)
{
	char *token = (char *)"untouched";
	unsetenv(TOKEN_VARIABLE);
	is_int(token_find(NULL, NULL, &token, &err), 0, "none at all");
	ok(token == NULL, "is NULL");
	setenv(TOKEN_VARIABLE, "", 1);
	is_int(token_find(NULL, NULL, &token, &err), 0, "an empty variable");
	ok(token == NULL, "is none");
	setenv(TOKEN_VARIABLE, "env", 1);
	is_int(token_find(NULL, NULL, &token, &err), 0, "the variable");
	ok(strcmp(token, "env") == 0, "is taken");
	token_free(token);
	char flag[] = "flag";
	is_int(token_find(flag, "/nowhere", &token, &err), 0, "the flag");
	ok(strcmp(token, "flag") == 0, "beats the rest");
	token_free(token);
	ok(memcmp(flag, "\0\0\0\0", 4) == 0, "and nothing of it is left there");
	char empty[] = "";
	is_int(token_find(empty, NULL, &token, &err), -1, "an empty flag is refused");
	setenv(TOKEN_VARIABLE, "a b", 1);
	is_int(token_find(NULL, NULL, &token, &err), -1, "a variable with a blank is refused");
	from_file();
	return done_testing();
}
