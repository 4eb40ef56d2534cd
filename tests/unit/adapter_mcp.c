#include "adapter/mcp.h"

#include "base/cleanup.h"
#include "tap.h"

/* Three agents: with a type, without, without SSE. */
static const struct mcp_style styles[] = {
    {.headers = "headers", .has_type = true},
    {.headers = "headers"},
    {.headers = "http_headers", .no_sse = "X"},
};

static const struct {
	const char *name, *servers;
	const char *want[3]; /* NULL: refused */
} cases[] = {
    {"none", "[]", {"{}", "{}", "{}"}},
    {"a command",
     "[{\"name\":\"a\",\"command\":\"/c\",\"args\":[\"x\"],\"env\":[{\"name\":\"N\",\"value\":\"v"
     "\"}]}]",
     {"{\"a\":{\"type\":\"stdio\",\"command\":\"/c\",\"args\":[\"x\"],\"env\":{\"N\":\"v\"}}}",
      "{\"a\":{\"command\":\"/c\",\"args\":[\"x\"],\"env\":{\"N\":\"v\"}}}",
      "{\"a\":{\"command\":\"/c\",\"args\":[\"x\"],\"env\":{\"N\":\"v\"}}}"}},
    {"http with headers",
     "[{\"type\":\"http\",\"name\":\"a\",\"url\":\"u\",\"headers\":[{\"name\":\"H\",\"value\":\"v"
     "\"}]}]",
     {"{\"a\":{\"type\":\"http\",\"url\":\"u\",\"headers\":{\"H\":\"v\"}}}",
      "{\"a\":{\"url\":\"u\",\"headers\":{\"H\":\"v\"}}}",
      "{\"a\":{\"url\":\"u\",\"http_headers\":{\"H\":\"v\"}}}"}},
    {"SSE",
     "[{\"type\":\"sse\",\"name\":\"a\",\"url\":\"u\"}]",
     {"{\"a\":{\"type\":\"sse\",\"url\":\"u\"}}", "{\"a\":{\"url\":\"u\"}}", NULL}},
    {"a url alone is http",
     "[{\"name\":\"a\",\"url\":\"u\"}]",
     {"{\"a\":{\"type\":\"http\",\"url\":\"u\"}}", "{\"a\":{\"url\":\"u\"}}",
      "{\"a\":{\"url\":\"u\"}}"}},
    {"two", /* and what is unknown is left out */
     "[{\"name\":\"a\",\"command\":\"c\",\"more\":1},{\"name\":\"b\",\"command\":\"d\"}]",
     {"{\"a\":{\"type\":\"stdio\",\"command\":\"c\"},\"b\":{\"type\":\"stdio\",\"command\":\"d\"}}",
      "{\"a\":{\"command\":\"c\"},\"b\":{\"command\":\"d\"}}",
      "{\"a\":{\"command\":\"c\"},\"b\":{\"command\":\"d\"}}"}},
    {"without a name", "[{\"command\":\"c\"}]", {NULL, NULL, NULL}},
    {"neither command nor url", "[{\"name\":\"a\"}]", {NULL, NULL, NULL}},
    {"http without a url",
     "[{\"type\":\"http\",\"name\":\"a\",\"command\":\"c\"}]",
     {NULL, NULL, NULL}},
    {"no objects", "[1,null]", {NULL, NULL, NULL}},
};

static const struct {
	const char *servers; /* NULL: not there */
	bool is_right;
} checks[] = {
    {NULL, true},
    {"null", true},
    {"[]", true},
    {"[{\"name\":\"a\"},{\"name\":\"b\"}]", true},
    {"[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"\\u0061\"}]", false},
    {"{\"a\":{\"command\":\"c\"}}", false},
    {"[{\"command\":\"c\"}]", false},
    {"[7]", false},
};

static void test_checks(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct sa_error err = SA_ERROR_INIT;
		const char *servers = checks[i].servers;
		ok(mcp_check(span_of(servers), &err) == (checks[i].is_right ? 0 : -1),
		   "check of %s", servers ? servers : "nothing");
		is_int(err.kind == PROBLEM_INVALID_REQUEST, !checks[i].is_right, "as it is told");
	}
}

int main(void)
{
	test_checks();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t j = 0; j < ARRAY_SIZE(styles); j++) {
			cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
			struct sa_error err = SA_ERROR_INIT;
			buf_addc(&b, '{');
			int result =
			    mcp_write_servers(&b, span_of(cases[i].servers), &styles[j], &err);
			buf_addc(&b, '}');
			buf_addc(&b, '\0');
			const char *want = cases[i].want[j];
			ok(result == (want ? 0 : -1), "%s, style %zu", cases[i].name, j);
			if (want)
				is_str(b.data, want, "as it is wanted");
			else
				is_int(err.kind, PROBLEM_INVALID_REQUEST, "as an invalid request");
		}
	return done_testing();
}
