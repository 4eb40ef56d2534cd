#include "terms.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "policy/policy.h"
#include "settings.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_word(struct terms *terms, char *word)
{
	terms->words = xreallocarray(terms->words, terms->count + 2, sizeof(char *));
	terms->words[terms->count++] = word;
	terms->words[terms->count] = NULL;
}

static void add(struct terms *terms, const char *option, const char *value)
{
	if (!value)
		return;
	add_word(terms, xstrdup(option));
	add_word(terms, xstrdup(value));
}

/* The supervisor works elsewhere: a file is named from the root. */
static void add_policy(struct terms *terms, const char *name)
{
	/* A file of that name, which may be anybody's, is no policy of ours. */
	cleanup_free char *path = policy_is_named(name) ? NULL : realpath(name, NULL);
	add(terms, "--policy", path ? path : name);
}

void terms_add(struct terms *terms, const struct terms_options *o)
{
	add(terms, "--reach", o->reach);
	for (size_t i = 0; i < o->policies.count; i++)
		add_policy(terms, o->policies.items[i]);
	add(terms, "--policy", o->is_yolo ? "yolo" : NULL);
	add(terms, "--policy", o->is_read_only ? "read-only" : NULL);
	add(terms, "--policy", o->is_accept_edits ? "accept-edits" : NULL);
	add(terms, "--ask-timeout", o->ask_timeout);
	add(terms, "--ask-default", o->ask_default);
	add(terms, "--ask-unattended", o->ask_unattended);
	add(terms, "--cancel-grace", o->cancel_grace);
	add(terms, "--on-ask", o->on_ask);
	add(terms, "--on-ask-timeout", o->on_ask_timeout);
	add(terms, "--max-turns", o->max_turns);
	add(terms, "--max-tokens", o->max_tokens);
	add(terms, "--max-cost", o->max_cost);
}

void terms_add_recorded(struct terms *terms, const char *settings_json)
{
	struct json_iter it = json_iter(span_of(settings_json));
	struct span value;
	while (settings_json && json_next(&it, NULL, &value)) {
		char *word = json_string_dup(value);
		if (word)
			add_word(terms, word);
	}
}

void terms_clear(struct terms *terms)
{
	for (size_t i = 0; i < terms->count; i++)
		free(terms->words[i]);
	free(terms->words);
	*terms = (struct terms){NULL, 0};
}

/* --- modes ------------------------------------------------------------------------------------ */

struct search {
	const char *const *names;
	const char *found;
};

static int look_at(struct span value, struct span name, void *arg)
{
	struct search *search = arg;
	(void)name;
	for (const char *const *wish = search->names; *wish && !search->found; wish++)
		if (json_string_is(value, *wish))
			search->found = *wish;
	return search->found != NULL;
}

static bool has_folder_policy(const struct connection *c)
{
	cleanup_free char *path = xasprintf("%s/.sandbox-agent/policy.json",
					    c->session.cwd ? c->session.cwd : c->server.cwd);
	return access(path, F_OK) == 0;
}

void terms_set_mode(struct connection *c, const struct terms_options *o, int64_t deadline)
{
	static const char *const plan[] = {"plan", "read-only", NULL};
	static const char *const edits[] = {"acceptEdits", "accept-edits", "autoEdit", "auto_edit",
					    NULL};
	static const char *const bypass[] = {"bypassPermissions", "full-access", "yolo", "bypass",
					     NULL};
	cleanup_buf struct buf options = BUF_INIT(BUF_MAX_OWN);
	struct search search = {.names = o->is_read_only      ? plan
					 : o->is_accept_edits ? edits
					 : o->is_yolo	      ? bypass
							      : NULL};
	struct sa_error ignored;
	if (!search.names || (!o->is_read_only && (o->policies.count || has_folder_policy(c))))
		return;
	settings_add(&options, &c->session);
	struct span option = settings_find(buf_span(&options), "mode");
	if (option.p)
		settings_each_value(option, look_at, &search);
	/* An agent that refuses asks, and the policy answers. */
	if (search.found)
		settings_set(c, "mode", search.found, deadline, &ignored);
}
