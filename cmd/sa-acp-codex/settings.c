#include "settings.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "codex.h"
#include "os/spawn.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Approval policy and sandbox under one name, as the official adapter names them. */
struct mode {
	const char *id, *name, *description;
	const char *approval; /* NULL: whatever the configuration says */
	const char *sandbox;
	const char *reviewer;
};

#define MODE_CUSTOM "custom"
#define MODE_ASK "untrusted"

static const struct mode modes[] = {
    {"read-only", "Read-only", "Ask before editing files and using the network", "on-request",
     "readOnly", "user"},
    {MODE_ASK, "Ask first", "Ask before every command that is not known to be safe", "untrusted",
     "workspaceWrite", "user"},
    {"workspace-write", "Workspace access", "Edit the workspace; ask before going beyond it",
     "on-request", "workspaceWrite", "user"},
    {"agent", "Auto review", "A reviewer model decides what needs asking (costs requests)",
     "on-request", "workspaceWrite", "auto_review"},
    {"agent-full-access", "Full access", "Everything without asking", "never", "dangerFullAccess",
     "user"},
    {MODE_CUSTOM, "As configured", "What config.toml says", NULL, NULL, NULL},
};

const char *const settings_ids[SETTING_COUNT + 1] = {"mode", "collaboration_mode", "model",
						     "reasoning_effort", NULL};

/* Without user namespaces there is no sandbox: only asking and full access remain. */
static const char *sandbox_of(const struct mode *mode, const struct codex *codex)
{
	return codex->has_sandbox || strcmp(mode->id, MODE_ASK) != 0 ? mode->sandbox
								     : "dangerFullAccess";
}

static const struct mode *find_mode(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(modes[i].id, id) == 0)
			return &modes[i];
	return &modes[ARRAY_SIZE(modes) - 1];
}

void settings_init(struct settings *settings)
{
	*settings = (struct settings){.values = {NULL}};
	settings->values[SETTING_MODE] = xstrdup(MODE_CUSTOM);
	settings->values[SETTING_COLLABORATION] = xstrdup("default");
	settings->values[SETTING_MODEL] = xstrdup("");
	settings->values[SETTING_EFFORT] = xstrdup("");
}

void settings_free(struct settings *settings)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		free(settings->values[i]);
	*settings = (struct settings){.values = {NULL}};
}

void settings_set(struct settings *settings, enum setting setting, struct span value)
{
	session_put(&settings->values[setting], json_string_dup(value));
	settings->is_changed[setting] = settings->is_set[setting] = true;
}

void settings_tell_all(struct settings *settings)
{
	memcpy(settings->is_changed, settings->is_set, sizeof(settings->is_set));
}

/* --- models --------------------------------------------------------------------------- */

static struct span find_model(const struct codex *codex, const char *id)
{
	struct json_iter it = json_iter(buf_span(&codex->models));
	struct span model;
	while (json_next(&it, NULL, &model))
		if (json_string_is(json_get(model, "id"), id) ||
		    json_string_is(json_get(model, "model"), id))
			return model;
	return SPAN_NONE;
}

static struct span levels(const struct settings *settings, const struct codex *codex)
{
	return json_get(find_model(codex, settings->values[SETTING_MODEL]),
			"supportedReasoningEfforts");
}

static struct span level_name(struct span level)
{
	return json_type(level) == JSON_STRING ? level : json_get(level, "reasoningEffort");
}

/* The level in force: the session's own, else the model's default. Caller frees. */
static char *current_level(const struct settings *settings, const struct codex *codex)
{
	if (*settings->values[SETTING_EFFORT])
		return xstrdup(settings->values[SETTING_EFFORT]);
	char *level = json_string_dup(
	    json_get(find_model(codex, settings->values[SETTING_MODEL]), "defaultReasoningEffort"));
	return level ? level : xstrdup("medium");
}

bool settings_offers(const struct settings *settings, const struct codex *codex,
		     enum setting setting, struct span value)
{
	if (json_type(value) != JSON_STRING || value.n <= 2)
		return false;
	switch (setting) {
	case SETTING_MODE:
		for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
			if (json_string_is(value, modes[i].id))
				return modes[i].approval != NULL;
		return false;
	case SETTING_COLLABORATION:
		return json_string_is(value, "default") || json_string_is(value, "plan");
	case SETTING_MODEL:
		return true; /* slugs that the list does not have work as well */
	default:
		break;
	}
	struct json_iter it = json_iter(levels(settings, codex));
	struct span level;
	while (json_next(&it, NULL, &level))
		if (json_scalar_equal(level_name(level), value))
			return true;
	return false;
}

/* --- what Codex says --------------------------------------------------------------------- */

static const char *mode_of(struct span result)
{
	struct span approval = json_get(result, "approvalPolicy");
	struct span sandbox = json_path(result, "sandbox.type");
	struct span reviewer = json_get(result, "approvalsReviewer");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const struct mode *mode = &modes[i];
		if (mode->approval && json_string_is(approval, mode->approval) &&
		    json_string_is(sandbox, mode->sandbox) &&
		    (!reviewer.p || json_string_is(reviewer, mode->reviewer)))
			return mode->id;
	}
	return MODE_CUSTOM;
}

void settings_read(struct settings *settings, const struct codex *codex, struct span result)
{
	struct span collaboration = json_path(result, "collaborationMode.mode");
	session_put(&settings->values[SETTING_MODE], xstrdup(mode_of(result)));
	session_put(&settings->values[SETTING_MODEL], json_string_dup(json_get(result, "model")));
	session_put(&settings->values[SETTING_EFFORT],
		    json_string_dup(json_get(result, "reasoningEffort")));
	session_put(&settings->values[SETTING_COLLABORATION], json_string_dup(collaboration));
	if (!codex->has_sandbox &&
	    !json_string_is(json_path(result, "sandbox.type"), "dangerFullAccess"))
		settings_set(settings, SETTING_MODE, SPAN_LIT("\"" MODE_ASK "\""));
}

static void write_mode(struct buf *b, const struct mode *mode, const struct codex *codex,
		       struct span roots)
{
	if (!mode->approval)
		return;
	json_kv_string(b, "approvalPolicy", mode->approval);
	json_kv_string(b, "approvalsReviewer", mode->reviewer);
	json_key(b, "sandboxPolicy");
	json_open(b, '{');
	json_kv_string(b, "type", sandbox_of(mode, codex));
	if (strcmp(sandbox_of(mode, codex), "workspaceWrite") == 0)
		json_kv_raw(b, "writableRoots", roots);
	json_close(b, '}');
}

static void write_collaboration(struct buf *b, const struct settings *settings,
				const struct codex *codex)
{
	cleanup_free char *level = current_level(settings, codex);
	json_key(b, "collaborationMode");
	json_open(b, '{');
	json_kv_string(b, "mode", settings->values[SETTING_COLLABORATION]);
	json_key(b, "settings");
	json_open(b, '{');
	json_kv_string(b, "model", settings->values[SETTING_MODEL]);
	json_kv_string(b, "reasoning_effort", level);
	json_key(b, "developer_instructions");
	json_add_null(b);
	json_close(b, '}');
	json_close(b, '}');
}

void settings_write_turn(struct buf *b, struct settings *settings, const struct codex *codex,
			 struct span roots)
{
	bool *is_changed = settings->is_changed;
	if (is_changed[SETTING_MODE])
		write_mode(b, find_mode(settings->values[SETTING_MODE]), codex, roots);
	if (is_changed[SETTING_MODEL])
		json_kv_string(b, "model", settings->values[SETTING_MODEL]);
	if (is_changed[SETTING_EFFORT])
		json_kv_string(b, "effort", settings->values[SETTING_EFFORT]);
	if (is_changed[SETTING_COLLABORATION])
		write_collaboration(b, settings, codex);
	memset(is_changed, 0, sizeof(settings->is_changed));
}

/* --- what the client sees ---------------------------------------------------------------- */

const char *settings_mode(const struct session *session)
{
	return session->settings.values[SETTING_MODE];
}

void settings_write_modes(struct buf *b, const struct session *session, const char *key)
{
	bool is_custom = strcmp(settings_mode(session), MODE_CUSTOM) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].approval || is_custom)
			content_choice(b, key, modes[i].id, modes[i].name, modes[i].description);
}

static void write_models(struct buf *b, const struct settings *settings, const struct codex *codex)
{
	const char *current = settings->values[SETTING_MODEL];
	bool is_listed = false;
	struct json_iter it = json_iter(buf_span(&codex->models));
	struct span model;
	content_option_open(b, settings_ids[SETTING_MODEL], "Model", "model", current);
	while (json_next(&it, NULL, &model)) {
		bool is_current = json_string_is(json_get(model, "id"), current);
		if (json_bool_or(json_get(model, "hidden"), false) && !is_current)
			continue;
		is_listed |= is_current;
		content_choice_raw(b, json_get(model, "id"), json_get(model, "displayName"),
				   json_get(model, "description"));
	}
	if (!is_listed)
		content_choice(b, "value", current, current, NULL);
	content_option_close(b);
}

static void write_levels(struct buf *b, const struct settings *settings, const struct codex *codex)
{
	struct json_iter it = json_iter(levels(settings, codex));
	cleanup_free char *current = current_level(settings, codex);
	struct span level;
	if (json_type(levels(settings, codex)) != JSON_ARRAY)
		return;
	content_option_open(b, settings_ids[SETTING_EFFORT], "Reasoning effort", "thought_level",
			    current);
	while (json_next(&it, NULL, &level))
		content_level(b, level_name(level));
	content_option_close(b);
}

void settings_write_options(struct buf *b, const struct session *session)
{
	const struct settings *settings = &session->settings;
	const struct codex *codex = session->codex;
	content_option_open(b, settings_ids[SETTING_COLLABORATION], "Collaboration mode", "other",
			    settings->values[SETTING_COLLABORATION]);
	content_choice(b, "value", "default", "Default", NULL);
	content_choice(b, "value", "plan", "Plan", "Make a plan before making changes");
	content_option_close(b);
	write_models(b, settings, codex);
	write_levels(b, settings, codex);
}

bool settings_probe_sandbox(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 1);
	int status = pid < 0 ? -1 : spawn_wait(pid);
	return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
