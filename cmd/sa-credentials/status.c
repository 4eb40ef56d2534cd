/* status: can each agent log in, with what, and if not, why not. */
#include "verbs.h"

#include "assign.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

static bool concerns(const struct finding *f, const struct agent *agent)
{
	return !f->provider || agent_takes(agent, f->provider);
}

static bool is_own_file(const struct finding *f, const struct agent *agent)
{
	return f->agent && strcmp(f->agent, agent->name) == 0;
}

/* What the agent will log in with: the first key that reaches it through the
 * environment or lies in its own file; else a login of its own that it renews. */
static const struct finding *find_used(const struct findings *list, const struct agent *agent)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *f = &list->items[i];
		if (concerns(f, agent) && f->verdict == VERDICT_USABLE &&
		    (finding_has_variable(f, agent) || is_own_file(f, agent)))
			return f;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *f = &list->items[i];
		if (concerns(f, agent) && f->verdict == VERDICT_EXPIRED && f->is_renewable &&
		    is_own_file(f, agent))
			return f;
	}
	return NULL;
}

/* What stood in the way: the first thing that was there and did not count. */
static const struct finding *find_obstacle(const struct findings *list, const struct agent *agent)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *f = &list->items[i];
		if (f->verdict != VERDICT_ABSENT && concerns(f, agent))
			return f;
	}
	return NULL;
}

/* An obstacle without a reason of its own is a key that cannot be handed to this agent. */
static const char *reason_of(const struct finding *f)
{
	return f->reason ? f->reason : "a key of a kind that this agent cannot be given";
}

static const char *first_variable(const struct finding *f, const struct agent *agent)
{
	if (!finding_has_variable(f, agent))
		return NULL;
	for (const struct variable *v = variables; v->name; v++)
		if (v->kind == f->kind && strcmp(v->provider, f->provider) == 0)
			return v->name;
	return NULL;
}

static void add_finding(struct buf *b, const struct finding *f, const struct agent *agent)
{
	json_kv_string(b, "provider", f->provider);
	json_kv_string(b, "source", f->source);
	json_kv_string(b, "place", f->place);
	if (f->secret)
		json_kv_string(b, "authType", key_kind_name(f->kind));
	json_kv_time(b, "expiresAt", f->expires_ms);
	if (f->is_renewable)
		json_kv_bool(b, "renewable", true);
	if (f->verdict == VERDICT_USABLE)
		json_kv_string(b, "variable", first_variable(f, agent));
}

static void add_looked(struct buf *b, const struct findings *list, const struct agent *agent,
		       const struct finding *used)
{
	json_key(b, "looked");
	json_open(b, '[');
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *f = &list->items[i];
		if (!concerns(f, agent))
			continue;
		json_open(b, '{');
		json_kv_string(b, "result", f == used ? "used" : verdict_name(f->verdict));
		json_kv_string(b, "reason", f->reason);
		add_finding(b, f, agent);
		json_kv_string(b, "why", f->why);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void print_json(const struct findings *list, const struct agent *agent,
		       const struct finding *used, bool is_explain)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	const struct finding *obstacle = used ? NULL : find_obstacle(list, agent);
	json_open(&b, '{');
	json_kv_string(&b, "agent", agent->name);
	json_kv_bool(&b, "usable", used || agent->needs_none);
	if (used)
		add_finding(&b, used, agent);
	else if (agent->needs_none)
		json_kv_string(&b, "reason", "needs no credentials");
	else if (obstacle) {
		add_finding(&b, obstacle, agent);
		json_kv_string(&b, "reason", reason_of(obstacle));
	} else {
		json_kv_string(&b, "reason", "nothing found");
	}
	if (is_explain)
		add_looked(&b, list, agent, used);
	json_close(&b, '}');
	printf("%s\n", b.data);
}

static void print_text(const struct findings *list, const struct agent *agent,
		       const struct finding *used, bool is_explain)
{
	const struct finding *shown = used ? used : find_obstacle(list, agent);
	printf("%-9s %-10s ", agent->name, used || agent->needs_none ? "usable" : "not usable");
	if (agent->needs_none)
		printf("needs no credentials");
	else if (!shown)
		printf("nothing found");
	else
		printf("%s %s from %s (%s)", shown->provider ? shown->provider : "any",
		       shown->secret ? key_kind_name(shown->kind) : "key", shown->source,
		       shown->place ? shown->place : "-");
	if (used && used->expires_ms && used->verdict == VERDICT_USABLE) {
		char when[CLOCK_TEXT_BYTES];
		clock_format(used->expires_ms, when);
		printf(", until %s", when);
	}
	if (shown && !agent->needs_none && (shown != used || shown->reason))
		printf(": %s", reason_of(shown));
	putchar('\n');
	for (size_t i = 0; is_explain && i < list->count; i++) {
		const struct finding *f = &list->items[i];
		if (concerns(f, agent))
			printf("  %-8s %-12s %s%s%s  [%s]\n",
			       f == used ? "used" : verdict_name(f->verdict), f->source, f->place,
			       f->reason ? ": " : "", f->reason ? f->reason : "", f->why);
	}
}

static bool is_named(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 0;
}

int verb_status(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct status_options *o = options;
	const struct agent *agent;
	for (int i = 0; i < argc; i++)
		if (verb_agent(argv[i], &agent, err) < 0)
			return -1;
	struct findings list __attribute__((cleanup(findings_free))) = {0};
	if (search_all(&o->search, &list, err) < 0)
		return -1;
	bool is_text = command_wants_text(&o->common);
	int status = SA_EXIT_OK;
	for (agent = agents; agent->name; agent++) {
		if (!is_named(agent->name, argc, argv))
			continue;
		const struct finding *used = find_used(&list, agent);
		if (is_text)
			print_text(&list, agent, used, o->is_explain);
		else
			print_json(&list, agent, used, o->is_explain);
		if (argc && !used && !agent->needs_none)
			status = SA_EXIT_FAILED;
	}
	return status;
}
