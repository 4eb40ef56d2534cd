/* The pure parts of sa-credentials: expiry, judging, parsers, quoting, masking. */
#include "tap.h"

#include "../../cmd/sa-credentials/assign.c"
#include "../../cmd/sa-credentials/expiry.c"
#include "../../cmd/sa-credentials/finding.c"
#include "../../cmd/sa-credentials/parse.c"
#include "../../cmd/sa-credentials/parse_amp.c"
#include "../../cmd/sa-credentials/parse_variables.c"
#include "../../cmd/sa-credentials/provider.c"
#include "../../cmd/sa-credentials/quote.c"
#include "../../cmd/sa-credentials/secret.c"

#define NOW_MS 1800000000000LL /* 2027-01-15 */

static void test_expiry(void)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-11-22T10:00:00Z", 1795341600000},
	    {"2026-11-22t10:00:00.1239z", 1795341600123},
	    {"2026-11-22 11:00:00+01:00", 1795341600000},
	    {"2026-11-22T04:30:00-05:30", 1795341600000},
	    {"2000-02-29T00:00:00Z", 951782400000},
	    {"2016-12-31T23:59:60Z", 1483228800000},
	    {"0000-03-01T00:00:00Z", -62162035200000},
	};
	static const char *const bad[] = {
	    "",
	    "2026-11-22",
	    "2026-11-22T10:00:00",
	    "2026-13-22T10:00:00Z",
	    "2026-02-29T10:00:00Z",
	    "2100-02-29T10:00:00Z",
	    "2026-11-22T24:00:00Z",
	    "2026-11-22T10:60:00Z",
	    "2026-11-22T10:00:61Z",
	    "2026-11-22T10:00:00.Z",
	    "2026-11-22T10:00:00+24:00",
	    "2026-11-22T10:00:00Zx",
	    "2026-11-22T10:00:00+0100",
	    "+026-11-22T10:00:00Z",
	};
	int64_t ms;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ms = -1;
		ok(expiry_parse_rfc3339(span_of(good[i].text), &ms) == 0, "%s", good[i].text);
		is_int(ms, good[i].ms, good[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok(expiry_parse_rfc3339(span_of(bad[i]), &ms) < 0, "refused: %s", bad[i]);
	is_int(expiry_of_json(SPAN_LIT("1795341600000")), 1795341600000, "epoch milliseconds");
	is_int(expiry_of_json(SPAN_LIT("1795341600")), 1795341600000, "epoch seconds");
	is_int(expiry_of_json(SPAN_LIT("1.7953416e12")), 1795341600000, "a float");
	is_int(expiry_of_json(SPAN_LIT("\"1795341600\"")), 1795341600000, "seconds as text");
	is_int(expiry_of_json(SPAN_LIT("\"2026-11-22T10:00:00Z\"")), 1795341600000, "RFC 3339");
	is_int(expiry_of_json(SPAN_LIT("1000")), 1000000, "a small number is long ago");
	is_int(expiry_of_json(SPAN_LIT("0")), 0, "0 is no expiry");
	is_int(expiry_of_json(SPAN_LIT("null")), 0, "null is no expiry");
	is_int(expiry_of_json(SPAN_LIT("1e400")), 0, "infinity is no expiry");
	is_int(expiry_of_json(SPAN_LIT("{}")), 0, "an object is no expiry");
	is_int(expiry_of_json(SPAN_NONE), 0, "nothing is no expiry");
	/* {"exp":1795341600} */
	is_int(expiry_of_jwt(SPAN_LIT("e30.eyJleHAiOjE3OTUzNDE2MDB9.x")), 1795341600000, "a JWT");
	is_int(expiry_of_jwt(SPAN_LIT("e30.e30.x")), 0, "a JWT without exp");
	is_int(expiry_of_jwt(SPAN_LIT("a.!!.c")), 0, "no base64url");
	is_int(expiry_of_jwt(SPAN_LIT("plain")), 0, "no JWT");
}

static struct findings new_list(void)
{
	return (struct findings){.now_ms = NOW_MS, .source = "test", .path = "file", .why = "test"};
}

/* Parse text; the findings as "provider kind verdict secret|reason;..." */
static char *parsed(parse_function *parse, const char *text, bool is_no_oauth)
{
	struct findings list = new_list();
	list.is_no_oauth = is_no_oauth;
	const char *no = parse == parse_dotenv ? NULL : parse_document(span_of(text));
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (no)
		buf_adds(&b, no);
	else
		parse(&list, span_of(text));
	for (size_t i = 0; i < list.count; i++) {
		const struct finding *f = &list.items[i];
		buf_addf(&b, "%s%s %s %s %s", i ? "; " : "", f->provider ? f->provider : "-",
			 key_kind_name(f->kind), verdict_name(f->verdict),
			 f->reason ? f->reason : f->secret);
	}
	findings_free(&list);
	return buf_take(&b);
}

/* A file, and what it holds: "provider kind verdict secret-or-reason". */
static const struct {
	parse_function *parse;
	const char *text, *want;
	bool is_no_oauth;
} parser_rows[] = {
    {parse_codex, "", "the file is empty", false},
    {parse_codex, "{broken", "not JSON", false},
    {parse_codex, "[1]", "no JSON object", false},
    {parse_codex, "{\"a\":\"\xff\"}", "not UTF-8", false},
    {parse_codex, "{}", "", false},
    {parse_codex, "{\"OPENAI_API_KEY\":null}", "", false},
    {parse_codex, "{\"OPENAI_API_KEY\":\"k\"}", "openai api_key usable k", false},
    {parse_codex, "{\"OPENAI_API_KEY\":\" k\\n\"}", "openai api_key usable k", false},
    {parse_codex, "{\"OPENAI_API_KEY\":\"\"}", "openai api_key skipped empty", false},
    {parse_codex, "{\"OPENAI_API_KEY\":7}", "openai api_key skipped not a string", false},
    {parse_codex, "{\"OPENAI_API_KEY\":\"a\\u0000b\"}",
     "openai api_key skipped holds control characters", false},
    {parse_codex, "{\"OPENAI_API_KEY\":\"a\\nb\"}",
     "openai api_key skipped holds control characters", false},
    {parse_codex, "{\"OPENAI_API_KEY\":\"a\",\"OPENAI_API_KEY\":\"b\"}",
     "openai api_key skipped duplicate key: which of the two is meant is unclear", false},
    {parse_codex, "{\"OPENAI_API_KEY\":\"a\",\"OPENAI_API_KEY\":null}",
     "openai api_key skipped duplicate key: which of the two is meant is unclear", false},
    {parse_codex, "{\"tokens\":{\"access_token\":\"t\"}}", "openai oauth usable t", false},
    {parse_codex, "{\"tokens\":{\"access_token\":\"t\"}}",
     "openai oauth skipped not an API key, and --no-oauth is given", true},
    {parse_codex, "{\"tokens\":{\"access_token\":\"e30.eyJleHAiOjE3OTUzNDE2MDB9.x\"}}",
     "openai oauth expired expired 2026-11-22T10:00:00.000Z", false},
    {parse_claude_config, "{\"primaryApiKey\":\"sk-ant-1\",\"apiKey\":\"other\"}",
     "anthropic api_key usable sk-ant-1; anthropic api_key skipped "
     "does not begin with sk-ant-: not Anthropic's",
     false},
    {parse_claude_config, "{\"apiKey\":\"sk-ant-oat01-x\"}",
     "anthropic oauth usable sk-ant-oat01-x", false},
    {parse_claude_settings, "{\"apiKeyHelper\":\"cat key\"}",
     "anthropic api_key skipped a command that prints the key; run it with --run-helpers", false},
    {parse_claude_settings, "{\"apiKeyHelper\":\"\"}",
     "anthropic api_key skipped a command that prints the key; run it with --run-helpers", false},
    {parse_claude_oauth, "{\"claudeAiOauth\":{\"accessToken\":\"t\",\"expiresAt\":1900000000000}}",
     "anthropic oauth usable t", false},
    {parse_claude_oauth, "{\"claudeAiOauth\":{\"accessToken\":\"t\",\"expiresAt\":1700000000}}",
     "anthropic oauth expired expired 2023-11-14T22:13:20.000Z", false},
    {parse_claude_oauth,
     "{\"claudeAiOauth\":{\"accessToken\":\"t\",\"refreshToken\":\"r\",\"expiresAt\":1000}}",
     "anthropic oauth expired expired 1970-01-01T00:16:40.000Z; its agent renews it at the next "
     "start",
     false},
    {parse_claude_oauth, "{\"claudeAiOauth\":{\"accessToken\":\"t\"},\"claudeAiOauth\":{}}", "",
     false},
    {parse_opencode,
     "{\"groq\":{\"type\":\"api\",\"key\":\"g\"},\"x\":\"junk\",\"w\":{\"type\":\"wellknown\"},"
     "\"o\":{\"type\":\"oauth\",\"access\":\"a\",\"expires\":0}}",
     "groq api_key usable g; w api_key skipped neither a key nor a login; o oauth usable a", false},
    {parse_opencode,
     "{\"g\":{\"type\":\"api\",\"key\":\"1\"},\"g\":{\"type\":\"api\",\"key\":\"2\"}}",
     "g api_key skipped duplicate key: which of the two is meant is unclear; "
     "g api_key skipped duplicate key: which of the two is meant is unclear",
     false},
    {parse_opencode, "{\"g\":{\"type\":\"api\"}}", "- api_key skipped no such member", false},
    {parse_pi, "{\"anthropic\":{\"type\":\"api_key\",\"key\":\"!pass show x\"}}",
     "anthropic api_key skipped a command that prints the key; run it with --run-helpers", false},
    {parse_amp_secrets, "{\"apiKey@https://ampcode.com\":\"a\",\"apiKey@http://x/\":\"b\"}",
     "amp api_key skipped for another server than AMP_URL; amp api_key usable a", false},
    {parse_amp_config,
     "{\"apiKey\":\"a\",\"anthropicApiKey\":\"b\",\"auth\":{\"token\":\"sk-ant-c\"}}",
     "anthropic api_key usable b; amp api_key usable a; anthropic api_key usable sk-ant-c", false},
    {parse_cursor, "{\"accessToken\":\"t\"}", "cursor oauth usable t", false},
    {parse_gemini_oauth, "{\"access_token\":\"t\",\"expiry_date\":1000}",
     "google oauth expired expired 1970-01-01T00:16:40.000Z", false},
    {parse_variables_json, "{\"GROQ_API_KEY\":\"g\",\"PATH\":\"/bin\",\"FOO_BAR_API_KEY\":\"f\"}",
     "groq api_key usable g; foo-bar api_key usable f", false},
    {parse_dotenv, "\xef\xbb\xbfGROQ_API_KEY=g\nXAI_API_KEY= # none yet\nGEMINI_API_KEY=#x",
     "groq api_key usable g; xai api_key skipped empty; google api_key usable #x", false},
    {parse_dotenv,
     "# c\nexport GEMINI_API_KEY='a b' \nGROQ_API_KEY=x # c\nXAI_API_KEY=\"q\\\"\\$\"\nA=b\n"
     "OPENAI_API_KEY='open\nnonsense",
     "google api_key usable a b; groq api_key usable x; xai api_key usable q\"$; "
     "openai api_key skipped empty",
     false},
};

static void test_parsers(void)
{
	unsetenv("AMP_URL");
	for (size_t i = 0; i < ARRAY_SIZE(parser_rows); i++) {
		char *got =
		    parsed(parser_rows[i].parse, parser_rows[i].text, parser_rows[i].is_no_oauth);
		is_str(got, parser_rows[i].want, parser_rows[i].text);
		free(got);
	}
}

static void test_quotes(void)
{
	static const struct {
		const char *text, *sh, *fish, *dotenv;
	} rows[] = {
	    {"plain-1_2./:@%+,=", "plain-1_2./:@%+,=", "'plain-1_2./:@%+,='", "plain-1_2./:@%+,="},
	    {"=a", "'=a'", "'=a'", "'=a'"},
	    {"", "''", "''", "''"},
	    {"a b;$(id)", "'a b;$(id)'", "'a b;$(id)'", "'a b;$(id)'"},
	    {"it's", "'it'\\''s'", "'it\\'s'", "\"it's\""},
	    {"\\'\"$`", "'\\'\\''\"$`'", "'\\\\\\'\"$`'", "\"\\\\'\\\"\\$\\`\""},
	    {"~", "'~'", "'~'", "'~'"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf sh = BUF_INIT(1000), fish = BUF_INIT(1000), dotenv = BUF_INIT(1000);
		quote_sh(&sh, span_of(rows[i].text));
		quote_fish(&fish, span_of(rows[i].text));
		quote_dotenv(&dotenv, span_of(rows[i].text));
		is_str(sh.data, rows[i].sh, "sh");
		is_str(fish.data, rows[i].fish, "fish");
		is_str(dotenv.data, rows[i].dotenv, "dotenv");
		buf_free(&sh);
		buf_free(&fish);
		buf_free(&dotenv);
	}
}

static void test_names(void)
{
	static const struct {
		const char *provider, *want;
	} rows[] = {
	    {"groq", "GROQ_API_KEY"},
	    {"z-ai", "Z_AI_API_KEY"},
	    {"a.b/c", "A_B_C_API_KEY"},
	    {"302ai", NULL},
	    {"x y", NULL},
	    {"x;id", NULL},
	    {"", NULL},
	    {"\xc3\xa4", NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = BUF_INIT(100);
		int rc = variable_add_generic(&b, span_of(rows[i].provider));
		is_str(rc < 0 ? NULL : b.data, rows[i].want, "a provider's variable");
		ok(rc == 0 || b.len == 0, "nothing is left of a refused name");
		buf_free(&b);
	}
	static const char *const masks[][2] = {
	    {"", "****"},
	    {"12345678", "****"},
	    {"123456789", "1234...6789"},
	    {"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "\xc3\xa4\xc3\xa4...\xc3\xa4\xc3\xa4"},
	    {"abc\xc3\xa4"
	     "defg\xc3\xa4"
	     "hij",
	     "abc...hij"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		struct buf b = BUF_INIT(100);
		secret_add_masked(&b, span_of(masks[i][0]));
		is_str(b.data, masks[i][1], "masked at whole characters");
		buf_free(&b);
	}
}

static void test_assignments(void)
{
	struct findings list = new_list();
	parse_codex(&list, SPAN_LIT("{\"tokens\":{\"access_token\":\"t\"}}"));
	parse_opencode(&list, SPAN_LIT("{\"openai\":{\"type\":\"api\",\"key\":\"k\"},"
				       "\"gemini\":{\"type\":\"api\",\"key\":\"g1\"},"
				       "\"x;y\":{\"type\":\"api\",\"key\":\"z\"},"
				       "\"anthropic\":{\"type\":\"oauth\",\"access\":\"a\"}}"));
	struct selection any = {NULL, NULL}, codex = {agent_find("codex"), NULL};
	struct selection opencode = {agent_find("opencode"), NULL};
	struct assignments set;
	assignments_of(&list, &any, &set);
	struct buf b = BUF_INIT(1000);
	for (size_t i = 0; i < set.count; i++)
		buf_addf(&b, "%s=%s ", set.items[i].name, set.items[i].from->secret);
	is_str(b.data, "CLAUDE_CODE_OAUTH_TOKEN=a OPENAI_API_KEY=k CODEX_API_KEY=k ",
	       "tokens keep their own variable; no bad names, no other provider's name");
	assignments_free(&set);
	assignments_of(&list, &codex, &set);
	is_int(set.count, 2, "Codex is given OpenAI's key only");
	assignments_free(&set);
	assignments_of(&list, &opencode, &set);
	is_int(set.count, 2, "OpenCode is not given Claude's token");
	assignments_free(&set);
	buf_free(&b);
	findings_free(&list);
}

int main(void)
{
	test_expiry();
	test_parsers();
	test_quotes();
	test_names();
	test_assignments();
	return done_testing();
}
