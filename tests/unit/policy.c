#include "policy/policy.h"
#include "policy/match.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char cwd[64];

/* A permission request; call: members of toolCall. */
static char *request_of(const char *call)
{
	return xasprintf("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"session/request_permission\","
			 "\"params\":{\"sessionId\":\"s\",\"toolCall\":{\"toolCallId\":\"t\",%s},"
			 "\"options\":[{\"optionId\":\"always\",\"kind\":\"allow_always\"},"
			 "{\"optionId\":\"yes\",\"kind\":\"allow_once\"},"
			 "{\"optionId\":\"no\",\"kind\":\"reject_once\"}]}}",
			 call);
}

/* Decide with a policy of the given rules. */
static void decides(const char *rules, const char *call, const char *want, const char *name)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_free char *text = xasprintf("{\"rules\":[%s]}", rules);
	cleanup_free char *request = request_of(call);
	struct policy *policy = policy_parse("p", span_of(text), &err);
	struct facts facts;
	struct verdict verdict;
	if (!ok(policy != NULL, "%s: the policy is read %s", name, err.message))
		return;
	facts_read(span_of(request), "mock", cwd, &facts);
	policy_decide(policy, &facts, &verdict);
	is_str(decision_name(verdict.decision), want, name);
	facts_clear(&facts);
	policy_free(policy);
}

#define EXECUTE(command) "\"kind\":\"execute\",\"rawInput\":{\"command\":\"" command "\"}"
#define EDIT(path) "\"kind\":\"edit\",\"locations\":[{\"path\":\"" path "\"}]"
#define ALLOW_GIT "{\"decision\":\"allow\",\"command\":\"git *\"}"
#define DENY_RM "{\"decision\":\"deny\",\"command\":\"rm *\"}"
#define ALLOW_INSIDE "{\"decision\":\"allow\",\"kind\":\"edit\",\"path\":\"inside\"}"
#define DENY_OUTSIDE "{\"decision\":\"deny\",\"path\":\"outside\"}"

static void test_commands(void)
{
	static const struct {
		const char *rules, *call, *want, *name;
	} cases[] = {
	    {ALLOW_GIT, EXECUTE("git status"), "allow", "a command that matches is allowed"},
	    {ALLOW_GIT, EXECUTE("git"), "ask", "... and no other"},
	    {ALLOW_GIT, EXECUTE("git status; rm -rf /"), "ask",
	     "a second command is not allowed along"},
	    {ALLOW_GIT, EXECUTE("git status\\nrm -rf /"), "ask", "... behind a newline"},
	    {ALLOW_GIT, EXECUTE("git status && rm x"), "ask", "... behind &&"},
	    {ALLOW_GIT, EXECUTE("git log $(rm x)"), "ask", "... in a substitution"},
	    {ALLOW_GIT, EXECUTE("git log `rm x`"), "ask", "... in back quotes"},
	    {ALLOW_GIT, EXECUTE("git log > /etc/passwd"), "ask", "... nor a redirection"},
	    {"{\"decision\":\"allow\",\"command\":\"git *\",\"shell\":true}",
	     EXECUTE("git log | head"), "allow", "unless the rule takes shell syntax"},
	    {DENY_RM, EXECUTE("rm -rf /"), "deny", "a command that matches is denied"},
	    {DENY_RM, EXECUTE("ls; rm -rf /"), "deny", "... as the second one"},
	    {DENY_RM, EXECUTE("ls\\nrm -rf /"), "deny", "... on the second line"},
	    {DENY_RM, EXECUTE("X=1 sudo /bin/rm -rf /"), "deny", "... behind sudo, by its path"},
	    {DENY_RM, EXECUTE("echo $(rm x)"), "deny", "... in a substitution"},
	    {DENY_RM, EXECUTE("if [ -d x ]; then rm -r x; fi"), "deny", "... in a condition"},
	    {DENY_RM, EXECUTE("for f in *; do rm $f; done"), "deny", "... in a loop"},
	    {DENY_RM, EXECUTE("bash -c 'rm -rf x'"), "deny", "... for another shell"},
	    {DENY_RM, EXECUTE("sudo -u root rm x"), "deny", "... behind options"},
	    {DENY_RM, EXECUTE("timeout 5 rm x"), "deny", "... behind a time"},
	    {DENY_RM, EXECUTE("ls | /usr/bin/xargs -n1 rm -f"), "deny", "... by xargs"},
	    {DENY_RM, EXECUTE("find . -exec rm -f {} +"), "deny", "... by find"},
	    {"{\"decision\":\"deny\",\"command\":\"sudo *\"}", EXECUTE("cd /; sudo ls"), "deny",
	     "what stands in front is a command, too, as the second one"},
	    {DENY_RM, EXECUTE("git commit -m 'rm x'"), "ask", "... but not in a text"},
	    {DENY_RM, EXECUTE("echo rm x"), "ask", "... nor as arguments"},
	    {DENY_RM, EXECUTE("echo rm"), "ask", "... but not as an argument"},
	    {DENY_RM,
	     "\"kind\":\"execute\",\"rawInput\":{\"command\":[\"/bin/bash\",\"-lc\",\"rm x\"]}",
	     "deny", "a command in an array behind a shell"},
	    {ALLOW_GIT, "\"kind\":\"execute\",\"rawInput\":{\"command\":[\"git\",\"status\"]}",
	     "allow", "a command in an array"},
	    {ALLOW_GIT, "\"kind\":\"execute\",\"title\":\"git status\"", "ask",
	     "a title is no command to allow"},
	    {DENY_RM, "\"kind\":\"execute\",\"title\":\"rm x\"", "deny", "... but one to deny"},
	    {"{\"decision\":\"allow\",\"kind\":\"execute\"}", "\"rawInput\":{\"command\":\"ls\"}",
	     "allow", "a request without a kind has the one that its input shows"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		decides(cases[i].rules, cases[i].call, cases[i].want, cases[i].name);
}

static void test_paths(void)
{
	cleanup_free char *inside =
	    xasprintf("\"kind\":\"edit\",\"locations\":[{\"path\":\"%s/a\"}]", cwd);
	cleanup_free char *both = xasprintf(
	    "\"kind\":\"edit\",\"locations\":[{\"path\":\"%s/a\"},{\"path\":\"/etc/passwd\"}]",
	    cwd);
	cleanup_free char *neighbour =
	    xasprintf("\"kind\":\"edit\",\"locations\":[{\"path\":\"%s-not/a\"}]", cwd);
	cleanup_free char *link = xasprintf("%s/link", cwd);
	ok(symlink("/etc", link) == 0, "a link out of the folder");
	decides(ALLOW_INSIDE, inside, "allow", "an edit inside is allowed");
	decides(ALLOW_INSIDE, EDIT("a"), "allow", "... by a relative path");
	decides(ALLOW_INSIDE, EDIT("new/deep/a"), "allow", "... in folders that do not exist");
	decides(ALLOW_INSIDE, EDIT("../a"), "ask", "one that climbs out is not");
	decides(ALLOW_INSIDE, EDIT("new/../../a"), "ask",
		"... through a folder that does not exist");
	decides(ALLOW_INSIDE, EDIT("link/passwd"), "ask", "... nor through a link");
	decides(ALLOW_INSIDE, EDIT("link/new/file"), "ask", "... to something new");
	decides(ALLOW_INSIDE, neighbour, "ask", "a neighbour of a similar name is outside");
	decides(ALLOW_INSIDE, both, "ask", "two paths have to be inside, both");
	decides(ALLOW_INSIDE, "\"kind\":\"edit\"", "ask", "without a path nothing is inside");
	decides(DENY_OUTSIDE, both, "deny", "one path outside is enough to deny");
	decides(DENY_OUTSIDE, inside, "ask", "none is not");
	decides("{\"decision\":\"deny\",\"path\":\"*.env\"}", EDIT("sub/.env"), "deny",
		"a path glob");
	decides("{\"decision\":\"allow\",\"path\":\"src/*\"}", EDIT("src/a/b.c"), "allow",
		"... is below the working directory");
	decides("{\"decision\":\"allow\",\"path\":\"src/*\"}", EDIT("src/../x"), "ask",
		"... whatever way leads there");
	decides(DENY_OUTSIDE, "\"kind\":\"edit\",\"rawInput\":{\"changes\":{\"/etc/passwd\":{}}}",
		"deny", "paths that are member names count");
	decides(DENY_OUTSIDE, "\"kind\":\"edit\",\"content\":[{\"type\":\"diff\",\"path\":\"/x\"}]",
		"deny", "paths of a diff count");
	unlink(link);
}

static void test_others(void)
{
	decides("{\"decision\":\"allow\",\"mcp\":\"github/*\"}",
		"\"title\":\"mcp__github__list_issues\"", "allow", "an MCP tool by its server");
	decides("{\"decision\":\"allow\",\"mcp\":\"github/*\"}", "\"title\":\"mcp__git__x\"", "ask",
		"... and no other");
	decides("{\"decision\":\"deny\",\"tool\":\"Web*\"}",
		"\"_meta\":{\"claudeCode\":{\"toolName\":\"WebFetch\"}}", "deny",
		"a tool by its name");
	decides("{\"decision\":\"allow\",\"agent\":[\"codex\",\"mo*\"]}", EXECUTE("x"), "allow",
		"an agent by its name");
	decides("{\"decision\":\"allow\",\"agent\":\"codex\"}", EXECUTE("x"), "ask",
		"... not others");
	decides("{\"decision\":\"ask\",\"kind\":\"execute\"},{\"decision\":\"allow\"}",
		EXECUTE("x"), "ask", "the first rule that matches decides");
	decides("{\"decision\":\"allow\",\"if\":\".params.toolCall.rawInput.command|startswith("
		"\\\"ls\\\")\"}",
		EXECUTE("ls -l"), "allow", "a jq program allows");
	decides("{\"decision\":\"allow\",\"if\":\".params.toolCall.rawInput.command|startswith("
		"\\\"ls\\\")\"}",
		EXECUTE("rm"), "ask", "... or does not");
	decides("{\"decision\":\"allow\",\"if\":\"error\"}", EXECUTE("x"), "ask",
		"one that fails opens nothing");
	decides("{\"decision\":\"deny\",\"if\":\"error\"}", EXECUTE("x"), "deny",
		"one that fails shuts what it was to shut");
	decides("{\"decision\":\"allow\",\"if\":\"empty\"}", EXECUTE("x"), "ask",
		"nor does no result");
}

static void test_questions(void)
{
	static const char question[] =
	    "{\"id\":1,\"method\":\"elicitation/create\",\"params\":{\"message\":\"?\"}}";
	struct sa_error err = SA_ERROR_INIT;
	struct facts facts;
	struct verdict verdict;
	struct policy *policy = policy_open("yolo", &err);
	facts_read(span_of(question), "mock", cwd, &facts);
	policy_decide(policy, &facts, &verdict);
	is_str(decision_name(verdict.decision), "ask", "yolo does not answer questions");
	policy_free(policy);
	policy = policy_parse(
	    "q", SPAN_LIT("{\"rules\":[{\"decision\":\"deny\",\"request\":\"question\"}]}"), &err);
	policy_decide(policy, &facts, &verdict);
	is_str(decision_name(verdict.decision), "deny", "a rule may decline them");
	policy_free(policy);
	facts_clear(&facts);
	decides("{\"decision\":\"allow\"}", "\"kind\":\"think\",\"_meta\":{\"qwenQuestions\":[]}",
		"ask", "a question that comes as a permission is one");
}

static void test_named_and_many(void)
{
	static const struct {
		const char *name, *call, *want;
	} cases[] = {
	    {"yolo", EXECUTE("rm -rf /"), "allow"},	 {"read-only", EXECUTE("ls"), "deny"},
	    {"read-only", "\"kind\":\"read\"", "allow"}, {"accept-edits", EDIT("a"), "allow"},
	    {"accept-edits", EDIT("/etc/x"), "ask"},	 {"accept-edits", EXECUTE("ls"), "ask"},
	    {"ask", "\"kind\":\"read\"", "ask"},
	};
	struct sa_error err = SA_ERROR_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *request = request_of(cases[i].call);
		struct policy *policy = policy_open(cases[i].name, &err);
		struct facts facts;
		struct verdict verdict;
		facts_read(span_of(request), "mock", cwd, &facts);
		policy_decide(policy, &facts, &verdict);
		is_str(decision_name(verdict.decision), cases[i].want, cases[i].name);
		facts_clear(&facts);
		policy_free(policy);
	}
	cleanup_free char *request = request_of(EXECUTE("ls"));
	struct policy *two[] = {policy_open("yolo", &err), policy_open("read-only", &err)};
	struct facts facts;
	struct verdict verdict;
	facts_read(span_of(request), "mock", cwd, &facts);
	policy_decide_all(two, 2, &facts, &verdict);
	is_str(decision_name(verdict.decision), "deny", "of two policies the stricter decides");
	is_str(verdict.rule, "default of read-only", "... and is named");
	policy_free(two[1]);
	two[1] = policy_open("ask", &err);
	two[0] = (policy_free(two[0]), policy_open("yolo", &err));
	policy_decide_all(two, 2, &facts, &verdict);
	is_str(decision_name(verdict.decision), "allow", "one without an opinion leaves it to the other");
	policy_decide_all(two, 0, &facts, &verdict);
	is_str(decision_name(verdict.decision), "ask", "without one a person is asked");
	is_text(policy_option(span_of(request), DECISION_ALLOW), "\"yes\"",
		"once comes before always");
	is_text(policy_option(span_of(request), DECISION_DENY), "\"no\"", "the refusal");
	is_text(policy_option(SPAN_LIT("{\"params\":{\"options\":[]}}"), DECISION_ALLOW), NULL,
		"without options there is none");
	facts_clear(&facts);
	policy_free(two[0]);
	policy_free(two[1]);
}

static void test_bad(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"{", "policy 'bad': not JSON at byte 1"},
	    {"[]", "policy 'bad': a policy is a JSON object"},
	    {"{\"rule\":[]}",
	     "policy 'bad': a policy has no member \"rule\"; it has rules, default, "
	     "ask, description"},
	    {"{\"rules\":[{}]}", "policy 'bad': rule 1: no \"decision\""},
	    {"{\"rules\":[{\"decision\":\"allow\"},{\"decision\":\"maybe\"}]}",
	     "policy 'bad': rule 2: a decision is allow, deny or ask, not \"maybe\""},
	    {"{\"rules\":[{\"decision\":\"allow\",\"kind\":\"exec\"}]}",
	     "policy 'bad': rule 1: unknown kind 'exec'; kinds are read, edit, delete, move, "
	     "search, "
	     "execute, think, fetch, switch_mode, other"},
	    {"{\"rules\":[{\"decision\":\"allow\",\"comand\":\"x\"}]}",
	     "policy 'bad': rule 1: a rule has no member \"comand\"; it has decision, kind, tool, "
	     "command, path, mcp, agent, request, shell, if, reason"},
	    {"{\"rules\":[{\"decision\":\"allow\",\"kind\":[]}]}",
	     "policy 'bad': rule 1: \"kind\" is an empty array"},
	    {"{\"ask\":{\"timeout\":\"soon\"}}",
	     "policy 'bad': \"timeout\" is a time such as \"10m\", or \"off\""},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sa_error err = SA_ERROR_INIT;
		ok(!policy_parse("bad", span_of(cases[i].text), &err), "refused: %s",
		   cases[i].text);
		is_str(err.message, cases[i].want, "... in words");
	}
	struct sa_error err = SA_ERROR_INIT;
	ok(!policy_parse("bad", SPAN_LIT("{\"rules\":[{\"decision\":\"deny\",\"if\":\".a |\"}]}"),
			 &err) &&
	       strstr(err.message, "rule 1: \"if\""),
	   "a jq program that does not compile is refused: %s", err.message);
	ok(!policy_open("/nowhere/p.json", &err) && err.kind == PROBLEM_NOT_FOUND,
	   "a file that is not there: %s", err.message);
	struct policy *p = policy_parse(
	    "p",
	    SPAN_LIT(
		"{\"ask\":{\"timeout\":\"10m\",\"default\":\"reject\",\"unattended\":\"allow\"}}"),
	    &err);
	is_int(policy_ask_settings(p)->timeout_ms, 600000, "the time to answer is read");
	is_int(policy_ask_settings(p)->when_late, DECISION_DENY, "... what then");
	is_int(policy_ask_settings(p)->when_unattended, DECISION_ALLOW,
	       "... and when nobody is there");
	policy_free(p);
}

int main(void)
{
	snprintf(cwd, sizeof(cwd), "%s", "/tmp/sa-policy-XXXXXX");
	if (!mkdtemp(cwd))
		return 1;
	test_commands();
	test_paths();
	test_others();
	test_questions();
	test_named_and_many();
	test_bad();
	rmdir(cwd);
	return done_testing();
}
