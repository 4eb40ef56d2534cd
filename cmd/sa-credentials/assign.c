#include "assign.h"

#include "base/cleanup.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

bool selection_has(const struct selection *selection, const char *provider)
{
	if (selection->agent && !agent_takes(selection->agent, provider))
		return false;
	return !selection->provider || strcmp(selection->provider, provider) == 0;
}

static bool has_row(const struct finding *f)
{
	for (const struct variable *v = variables; v->name; v++)
		if (v->kind == f->kind && strcmp(v->provider, f->provider) == 0)
			return true;
	return false;
}

bool finding_has_variable(const struct finding *f, const struct agent *agent)
{
	if (f->verdict != VERDICT_USABLE || !f->provider)
		return false;
	if (f->kind != KEY_API)
		return (!agent || agent->is_oauth_variable) && has_row(f);
	cleanup_buf struct buf name = BUF_INIT(FINDING_PROVIDER_MAX_BYTES * 2);
	return has_row(f) || variable_add_generic(&name, span_of(f->provider)) == 0;
}

const struct finding *finding_first(const struct findings *list, const char *provider,
				    bool for_variable, const struct agent *agent)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *f = &list->items[i];
		if (f->verdict == VERDICT_USABLE && strcmp(f->provider, provider) == 0 &&
		    (!for_variable || finding_has_variable(f, agent)))
			return f;
	}
	return NULL;
}

static int provider_rank(const char *name)
{
	return strcmp(name, "anthropic") == 0 ? 0 : strcmp(name, "openai") == 0 ? 1 : 2;
}

static int compare_providers(const void *a, const void *b)
{
	const char *left = *(const char *const *)a, *right = *(const char *const *)b;
	int ranks = provider_rank(left) - provider_rank(right);
	return ranks ? ranks : strcmp(left, right);
}

const char **findings_providers(const struct findings *list)
{
	const char **names = xcalloc(list->count + 1, sizeof(*names));
	size_t count = 0, kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].verdict == VERDICT_USABLE)
			names[count++] = list->items[i].provider;
	qsort(names, count, sizeof(*names), compare_providers);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	names[kept] = NULL;
	return names;
}

static void assign(struct assignments *a, const char *name, const struct finding *from)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].name, name) == 0)
			return;
	a->items = xreallocarray(a->items, a->count + 1, sizeof(*a->items));
	a->items[a->count++] = (struct assignment){xstrdup(name), from};
}

/* All names under which programs look for this key. */
static void assign_finding(struct assignments *a, const struct finding *f)
{
	cleanup_buf struct buf generic = BUF_INIT(FINDING_PROVIDER_MAX_BYTES * 2);
	if (f->kind == KEY_API && variable_add_generic(&generic, span_of(f->provider)) == 0) {
		/* Another provider's name by the table is not for this one to take. */
		const struct variable *row = variable_find(buf_span(&generic));
		if (!row || strcmp(row->provider, f->provider) == 0)
			assign(a, generic.data, f);
	}
	for (const struct variable *v = variables; v->name; v++)
		if (v->kind == f->kind && strcmp(v->provider, f->provider) == 0)
			assign(a, v->name, f);
}

void assignments_of(const struct findings *list, const struct selection *selection,
		    struct assignments *ret)
{
	*ret = (struct assignments){NULL, 0};
	cleanup_free const char **names = findings_providers(list);
	for (const char **name = names; *name; name++) {
		if (!selection_has(selection, *name))
			continue;
		const struct finding *f = finding_first(list, *name, true, selection->agent);
		if (f)
			assign_finding(ret, f);
	}
}

void assignments_free(struct assignments *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->items[i].name);
	free(a->items);
	*a = (struct assignments){NULL, 0};
}

void assignments_report(const struct findings *list, const struct selection *selection,
			bool for_variables, FILE *out)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct finding *f = &list->items[i];
		const char *reason = NULL;
		if (!f->provider || !selection_has(selection, f->provider))
			continue;
		if (f->verdict == VERDICT_EXPIRED)
			reason = f->reason;
		else if (for_variables && f->verdict == VERDICT_USABLE &&
			 !finding_first(list, f->provider, true, selection->agent))
			reason = "no variable hands this kind of key to it";
		if (reason)
			fprintf(out, "sa-credentials: skipped %s (%s, %s): %s\n", f->provider,
				f->source, f->place, reason);
	}
}

void assignments_tell_none(const struct assignments *set, const char *provider, FILE *out)
{
	if (provider && set->count == 0)
		fprintf(out, "sa-credentials: no key of provider %s was found for a variable\n",
			provider);
}
