#include "policy/rule.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "policy/match.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------ */

int rule_read_decision(struct span json, enum decision *ret, struct sa_error *err)
{
	for (int i = DECISION_ALLOW; i <= DECISION_DENY; i++)
		if (json_string_is(json, decision_name((enum decision)i))) {
			*ret = (enum decision)i;
			return 0;
		}
	return error_set(err, PROBLEM_INVALID_REQUEST, "a decision is allow, deny or ask, not %.*s",
			 SPAN_ARG(json));
}

static int add_pattern(struct patterns *p, struct span json, const char *name, struct sa_error *err)
{
	char *text = json_string_dup(json);
	if (!text || !*text) {
		free(text);
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "\"%s\" is a text or an array of texts", name);
	}
	p->items = xreallocarray(p->items, p->count + 1, sizeof(*p->items));
	p->items[p->count++] = text;
	return 0;
}

static int read_patterns(struct patterns *p, struct span json, const char *name,
			 struct sa_error *err)
{
	struct span item;
	struct json_iter it = json_iter(json);
	if (json_type(json) != JSON_ARRAY)
		return add_pattern(p, json, name, err);
	while (json_next(&it, NULL, &item))
		if (add_pattern(p, item, name, err) < 0)
			return -1;
	/* An empty list would match nothing; somebody meant something else. */
	return p->count ? 0
			: error_set(err, PROBLEM_INVALID_REQUEST, "\"%s\" is an empty array", name);
}

static int check_kinds(const struct patterns *kinds, struct sa_error *err)
{
	static const char *const known[] = {"read",    "edit",	"delete", "move",	 "search",
					    "execute", "think", "fetch",  "switch_mode", "other"};
	for (size_t i = 0; i < kinds->count; i++) {
		size_t k = 0;
		while (k < ARRAY_SIZE(known) && strcmp(known[k], kinds->items[i]) != 0)
			k++;
		if (k == ARRAY_SIZE(known))
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "unknown kind '%s'; kinds are read, edit, delete, move, "
					 "search, execute, think, fetch, switch_mode, other",
					 kinds->items[i]);
	}
	return 0;
}

static int read_program(struct rule *rule, struct span json, struct sa_error *err)
{
	cleanup_free char *text = json_string_dup(json);
	if (!text || rule->program)
		return error_set(err, PROBLEM_INVALID_REQUEST, "\"if\" is one jq program");
	rule->program = program_compile(text, err);
	return rule->program ? 0 : error_prefix(err, "\"if\"");
}

static int read_request_type(struct rule *rule, struct span json, struct sa_error *err)
{
	rule->is_for_questions = json_string_is(json, "question");
	if (rule->is_for_questions || json_string_is(json, "permission"))
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "\"request\" is \"permission\" or \"question\"");
}

static int read_member(struct rule *rule, struct span key, struct span value, bool *has_decision,
		       struct sa_error *err)
{
	struct {
		const char *name;
		struct patterns *patterns;
	} const lists[] = {{"kind", &rule->kinds},	 {"tool", &rule->tools},
			   {"command", &rule->commands}, {"path", &rule->paths},
			   {"mcp", &rule->mcps},	 {"agent", &rule->agents}};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (json_string_is(key, lists[i].name))
			return read_patterns(lists[i].patterns, value, lists[i].name, err);
	if (json_string_is(key, "decision")) {
		*has_decision = true;
		return rule_read_decision(value, &rule->decision, err);
	}
	if (json_string_is(key, "if"))
		return read_program(rule, value, err);
	if (json_string_is(key, "request"))
		return read_request_type(rule, value, err);
	if (json_string_is(key, "shell")) {
		if (json_type(value) != JSON_TRUE && json_type(value) != JSON_FALSE)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "\"shell\" is true or false");
		rule->is_shell_allowed = json_type(value) == JSON_TRUE;
		return 0;
	}
	if (json_string_is(key, "reason")) {
		free(rule->reason);
		rule->reason = json_string_dup(value);
		return 0;
	}
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "a rule has no member %.*s; it has decision, kind, tool, command, path, "
			 "mcp, agent, request, shell, if, reason",
			 SPAN_ARG(key));
}

int rule_read(struct span json, struct rule *rule, struct sa_error *err)
{
	struct span key, value;
	bool has_decision = false;
	struct json_iter it = json_iter(json);
	if (json_type(json) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "a rule is an object");
	while (json_next(&it, &key, &value))
		if (read_member(rule, key, value, &has_decision, err) < 0)
			return -1;
	if (!has_decision)
		return error_set(err, PROBLEM_INVALID_REQUEST, "no \"decision\"");
	return check_kinds(&rule->kinds, err);
}

static void clear_patterns(struct patterns *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->items[i]);
	free(p->items);
	*p = (struct patterns){NULL, 0};
}

void rule_clear(struct rule *rule)
{
	struct patterns *all[] = {&rule->kinds, &rule->tools, &rule->commands,
				  &rule->paths, &rule->mcps,  &rule->agents};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		clear_patterns(all[i]);
	program_free(rule->program);
	free(rule->reason);
	*rule = (struct rule){.reason = NULL};
}

/* --- matching ------------------------------------------------------------------------------ */

static bool any_glob(const struct patterns *p, const char *text)
{
	for (size_t i = 0; text && i < p->count; i++)
		if (match_glob(p->items[i], text))
			return true;
	return false;
}

static bool path_matches(const struct patterns *p, const struct facts *facts, const char *path)
{
	for (size_t i = 0; i < p->count; i++) {
		const char *pattern = p->items[i];
		bool is_inside = facts_is_inside(facts->cwd, path);
		if (strcmp(pattern, "inside") == 0    ? is_inside
		    : strcmp(pattern, "outside") == 0 ? !is_inside
						      : match_path_glob(facts->cwd, pattern, path))
			return true;
	}
	return false;
}

/* Allowing wants every path to match, and at least one; denying wants one. */
static bool paths_match(const struct rule *rule, const struct facts *facts)
{
	size_t matching = 0;
	for (size_t i = 0; i < facts->path_count; i++)
		matching += path_matches(&rule->paths, facts, facts->paths[i]);
	if (rule->decision != DECISION_ALLOW)
		return matching > 0 || !facts->has_all_paths;
	return matching > 0 && matching == facts->path_count && facts->has_all_paths;
}

static bool commands_match(const struct rule *rule, const struct facts *facts)
{
	if (!facts->command)
		return false;
	for (size_t i = 0; i < rule->commands.count; i++) {
		const char *pattern = rule->commands.items[i];
		if (rule->decision != DECISION_ALLOW) {
			if (match_any_command(pattern, facts->command))
				return true;
		} else if (!facts->is_command_title &&
			   (rule->is_shell_allowed || !match_has_shell_syntax(facts->command)) &&
			   match_glob(pattern, facts->command)) {
			return true;
		}
	}
	return false;
}

static bool program_matches(const struct rule *rule, const struct facts *facts)
{
	int result = program_run(rule->program, facts->request);
	/* One that fails opens nothing and shuts what it was to shut. */
	return result < 0 ? rule->decision != DECISION_ALLOW : result;
}

bool rule_matches(const struct rule *rule, const struct facts *facts)
{
	if (rule->is_for_questions != facts->is_question)
		return false;
	if (rule->kinds.count && !any_glob(&rule->kinds, facts->kind))
		return false;
	if (rule->tools.count && !any_glob(&rule->tools, facts->tool))
		return false;
	if (rule->mcps.count && !any_glob(&rule->mcps, facts->mcp))
		return false;
	if (rule->agents.count && !any_glob(&rule->agents, facts->agent))
		return false;
	if (rule->commands.count && !commands_match(rule, facts))
		return false;
	if (rule->paths.count && !paths_match(rule, facts))
		return false;
	return !rule->program || program_matches(rule, facts);
}
