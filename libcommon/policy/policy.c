#include "policy/policy.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "policy/match.h"
#include "policy/rule.h"
#include "json/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy {
	char *name;
	struct rule *rules;
	size_t count;
	enum decision fallback;
	bool has_fallback;
	struct ask_settings ask;
};

const char *decision_name(enum decision decision)
{
	static const char *const names[] = {"allow", "ask", "deny"};
	return names[decision];
}

/* --- reading ------------------------------------------------------------------------------ */

static int read_ask(struct policy *p, struct span ask, struct sa_error *err)
{
	struct span key, value;
	struct json_iter it = json_iter(ask);
	if (json_type(ask) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "\"ask\" is an object");
	while (json_next(&it, &key, &value)) {
		cleanup_free char *text = json_string_dup(value);
		enum decision *target = json_string_is(key, "default") ? &p->ask.when_late
					: json_string_is(key, "unattended")
					    ? &p->ask.when_unattended
					    : NULL;
		if (json_string_is(key, "timeout")) {
			if (!text || num_parse_duration_ms(span_of(text), &p->ask.timeout_ms) < 0)
				return error_set(
				    err, PROBLEM_INVALID_REQUEST,
				    "\"timeout\" is a time such as \"10m\", or \"off\"");
		} else if (!target) {
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "\"ask\" has no member %.*s; it has timeout, default, "
					 "unattended",
					 SPAN_ARG(key));
		} else if (text && strcmp(text, "reject") == 0) {
			*target = DECISION_DENY;
		} else if (text && strcmp(text, "allow") == 0) {
			*target = DECISION_ALLOW;
		} else {
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "%.*s is \"reject\" or \"allow\"", SPAN_ARG(key));
		}
	}
	return 0;
}

static int read_rules(struct policy *p, struct span rules, struct sa_error *err)
{
	struct span value;
	struct json_iter it = json_iter(rules);
	if (json_type(rules) != JSON_ARRAY)
		return error_set(err, PROBLEM_INVALID_REQUEST, "\"rules\" is an array");
	while (json_next(&it, NULL, &value)) {
		if (p->count == POLICY_RULES_MAX)
			return error_set(err, PROBLEM_INVALID_REQUEST, "more than %d rules",
					 POLICY_RULES_MAX);
		p->rules = xreallocarray(p->rules, p->count + 1, sizeof(*p->rules));
		p->rules[p->count] = (struct rule){.reason = NULL};
		p->count++;
		if (rule_read(value, &p->rules[p->count - 1], err) < 0)
			return error_prefix(err, "rule %zu", p->count);
	}
	return 0;
}

static int read_fallback(struct policy *p, struct span value, struct sa_error *err)
{
	p->has_fallback = true;
	return rule_read_decision(value, &p->fallback, err);
}

static int read_policy(struct policy *p, struct span text, struct sa_error *err)
{
	struct span key, value;
	size_t bad;
	if (json_check(text, &bad) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "not JSON at byte %zu", bad);
	text = span_trim(text);
	if (json_type(text) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "a policy is a JSON object");
	struct json_iter it = json_iter(text);
	while (json_next(&it, &key, &value)) {
		int rc = 0;
		if (json_string_is(key, "rules"))
			rc = read_rules(p, value, err);
		else if (json_string_is(key, "default"))
			rc = read_fallback(p, value, err);
		else if (json_string_is(key, "ask"))
			rc = read_ask(p, value, err);
		else if (!json_string_is(key, "description"))
			rc = error_set(err, PROBLEM_INVALID_REQUEST,
				       "a policy has no member %.*s; it has rules, default, ask, "
				       "description",
				       SPAN_ARG(key));
		if (rc < 0)
			return -1;
	}
	return 0;
}

struct policy *policy_parse(const char *name, struct span text, struct sa_error *err)
{
	struct policy *p = xcalloc(1, sizeof(*p));
	p->name = xstrdup(name);
	p->fallback = DECISION_ASK;
	p->ask = (struct ask_settings){-1, DECISION_ASK, DECISION_ASK};
	if (read_policy(p, text, err) == 0)
		return p;
	error_prefix(err, "policy '%s'", name);
	policy_free(p);
	return NULL;
}

static const struct {
	const char *name;
	const char *text;
} named[] = {
    {"ask", "{}"},
    {"yolo", "{\"default\":\"allow\"}"},
    {"read-only", "{\"rules\":[{\"decision\":\"allow\",\"kind\":[\"read\",\"search\",\"think\"]}],"
		  "\"default\":\"deny\"}"},
    {"accept-edits",
     "{\"rules\":[{\"decision\":\"allow\",\"kind\":[\"read\",\"search\",\"think\"]},"
     "{\"decision\":\"allow\",\"kind\":\"edit\",\"path\":\"inside\"}]}"},
};

bool policy_is_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (strcmp(named[i].name, name) == 0)
			return true;
	return false;
}

struct policy *policy_open(const char *name_or_path, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(POLICY_FILE_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (strcmp(named[i].name, name_or_path) == 0)
			return policy_parse(named[i].name, span_of(named[i].text), err);
	if (io_read_file(name_or_path, &text, err) < 0) {
		error_prefix(err, "policy '%s' (named ones are ask, yolo, read-only, accept-edits)",
			     name_or_path);
		return NULL;
	}
	return policy_parse(name_or_path, buf_span(&text), err);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		rule_clear(&p->rules[i]);
	free(p->rules);
	free(p->name);
	free(p);
}

const char *policy_name(const struct policy *p)
{
	return p->name;
}

const struct ask_settings *policy_ask_settings(const struct policy *p)
{
	return &p->ask;
}

/* --- deciding ----------------------------------------------------------------------------- */

/* A question cannot be allowed: there is nothing to allow, somebody has to answer. */
static enum decision for_question(enum decision decision, const struct facts *facts)
{
	return facts->is_question && decision == DECISION_ALLOW ? DECISION_ASK : decision;
}

void policy_decide(struct policy *p, const struct facts *facts, struct verdict *ret)
{
	for (size_t i = 0; i < p->count; i++) {
		if (!rule_matches(&p->rules[i], facts))
			continue;
		*ret = (struct verdict){.decision = for_question(p->rules[i].decision, facts),
					.reason = p->rules[i].reason};
		snprintf(ret->rule, sizeof(ret->rule), "rule %zu of %s", i + 1, p->name);
		return;
	}
	/* Questions are outside of what a default is about. */
	*ret = (struct verdict){.decision = facts->is_question ? DECISION_ASK : p->fallback,
				.is_silent = facts->is_question || !p->has_fallback};
	snprintf(ret->rule, sizeof(ret->rule), "default of %s", p->name);
}

void policy_decide_all(struct policy *const *policies, size_t count, const struct facts *facts,
		       struct verdict *ret)
{
	*ret = (struct verdict){.decision = DECISION_ASK, .is_silent = true};
	for (size_t i = 0; i < count; i++) {
		struct verdict verdict;
		policy_decide(policies[i], facts, &verdict);
		if (!verdict.is_silent && (ret->is_silent || verdict.decision > ret->decision))
			*ret = verdict;
	}
}

struct span policy_option(struct span request, enum decision decision)
{
	static const char *const kinds[][2] = {
	    [DECISION_ALLOW] = {"allow_once", "allow_always"},
	    [DECISION_DENY] = {"reject_once", "reject_always"},
	};
	for (int i = 0; decision != DECISION_ASK && i < 2; i++) {
		struct span option;
		struct json_iter it = json_iter(json_path(request, "params.options"));
		while (json_next(&it, NULL, &option))
			if (json_string_is(json_get(option, "kind"), kinds[decision][i]))
				return json_get(option, "optionId");
	}
	return SPAN_NONE;
}
