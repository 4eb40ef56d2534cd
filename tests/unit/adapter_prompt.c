#include "adapter/prompt.h"

#include "base/cleanup.h"
#include "tap.h"

#define BLOB "\"blob\":\"AA==\""

static const struct {
	const char *block;
	enum prompt_part_kind kind;
	const char *text; /* of PROMPT_TEXT; NULL for that: refused */
} cases[] = {
    {"{\"type\":\"text\",\"text\":\"a\"}", PROMPT_TEXT, "a"},
    {"{\"type\":\"image\",\"data\":\"AA==\",\"mimeType\":\"image/png\"}", PROMPT_IMAGE, NULL},
    {"{\"type\":\"image\",\"mimeType\":\"image/png\"}", PROMPT_TEXT, NULL},
    {"{\"type\":\"audio\",\"data\":\"AA==\",\"mimeType\":\"audio/wav\"}", PROMPT_TEXT, NULL},
    {"{\"type\":\"resource_link\",\"uri\":\"file:///a b\",\"name\":\"b\"}", PROMPT_TEXT, "@/a b"},
    {"{\"type\":\"resource_link\",\"uri\":\"http://x/\",\"name\":\"b\"}", PROMPT_TEXT,
     "[b](http://x/)"},
    {"{\"type\":\"resource_link\",\"name\":\"b\"}", PROMPT_TEXT, NULL},
    {"{\"type\":\"resource\",\"resource\":{\"uri\":\"file:///a\",\"text\":\"t\"}}", PROMPT_TEXT,
     "@/a\n<context ref=\"file:///a\">\nt\n</context>"},
    {"{\"type\":\"resource\",\"resource\":{\"text\":\"t\"}}", PROMPT_TEXT, NULL},
    {"{\"type\":\"resource\",\"resource\":{\"uri\":\"file:///a\"}}", PROMPT_TEXT, NULL},
    {"{\"type\":\"resource\"}", PROMPT_TEXT, NULL},
    {"{\"type\":\"resource\",\"resource\":{\"uri\":\"x:a\",\"mimeType\":\"image\\/png\"," BLOB "}}",
     PROMPT_IMAGE, NULL},
    {"{\"type\":\"resource\",\"resource\":{\"uri\":\"x:a\",\"mimeType\":\"Application/PDF\"," BLOB
     "}}",
     PROMPT_DOCUMENT, NULL},
    {"{\"type\":\"resource\",\"resource\":{\"uri\":\"x:a\",\"mimeType\":\"text/plain\"," BLOB "}}",
     PROMPT_TEXT, NULL},
    {"{\"type\":\"resource\",\"resource\":{\"uri\":\"x:a\"," BLOB "}}", PROMPT_TEXT, NULL},
    {"{\"type\":\"resource\",\"resource\":{\"uri\":\"file:///a\"," BLOB "}}", PROMPT_TEXT, "@/a"},
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_buf struct buf scratch = BUF_INIT(BUF_MAX_OWN);
		struct sa_error err = SA_ERROR_INIT;
		struct prompt_part part;
		bool is_refused = cases[i].kind == PROMPT_TEXT && !cases[i].text;
		int result = prompt_part(span_of(cases[i].block), &scratch, &part, &err);
		ok(result == (is_refused ? -1 : 0), "block %zu", i);
		if (is_refused)
			is_int(err.kind, PROBLEM_INVALID_REQUEST, "is refused");
		else
			ok(result == 0 && part.kind == cases[i].kind &&
			       (part.kind != PROMPT_TEXT || span_is(part.text, cases[i].text)),
			   "is what it is");
	}
	return done_testing();
}
