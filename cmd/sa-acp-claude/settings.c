#include "settings.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "session.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

/* The most of Claude's model list that is kept, bytes. */
enum { SETTINGS_MODELS_BYTES = 1 << 20 };

struct choice {
	const char *id;
	const char *name;
	const char *description;
};

/* Claude's permission modes, named as its own interface names them. */
static const struct choice modes[] = {
    {"default", "Manual", "Ask before making changes"},
    {"acceptEdits", "Accept edits", "Accept all file edits without asking"},
    {"plan", "Plan", "Make a plan before making changes"},
    {"auto", "Auto", "Claude decides what needs asking (asks a classifier model)"},
    {"dontAsk", "Don't ask", "Refuse what is not allowed already"},
    {"bypassPermissions", "Bypass permissions", "Do everything without asking"},
};

const char *const settings_ids[SETTING_COUNT + 1] = {"mode", "model",	  "effort",
						     "fast", "ultracode", NULL};

static const char *default_of(enum setting setting)
{
	return setting < SETTING_FAST ? "default" : "off";
}

bool settings_is_default(enum setting setting, const char *value)
{
	return strcmp(value, default_of(setting)) == 0;
}

void settings_reset(struct settings *settings, enum setting setting)
{
	session_put(&settings->values[setting], xstrdup(default_of(setting)));
}

void settings_init(struct settings *settings, bool can_bypass)
{
	*settings = (struct settings){
	    .models = BUF_INIT(SETTINGS_MODELS_BYTES),
	    .can_bypass = can_bypass,
	};
	for (int i = 0; i < SETTING_COUNT; i++)
		settings->values[i] = xstrdup(default_of((enum setting)i));
}

void settings_free(struct settings *settings)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		free(settings->values[i]);
	buf_free(&settings->models);
	*settings = (struct settings){.can_bypass = false};
}

void settings_set(struct settings *settings, enum setting setting, struct span value)
{
	session_put(&settings->values[setting], json_string_dup(value));
}

void settings_read(struct settings *settings, struct span response, bool is_again)
{
	struct span models = json_get(response, "models");
	buf_clear(&settings->models);
	if (json_type(models) == JSON_ARRAY)
		buf_add_span(&settings->models, models);
	if (is_again)
		return;
	settings_set(settings, SETTING_MODE, json_get(response, "current_permission_mode"));
	settings_read_fast(settings, json_get(response, "fast_mode_state"));
}

static struct span current_model(const struct settings *settings)
{
	struct json_iter it = json_iter(buf_span(&settings->models));
	struct span model;
	while (json_next(&it, NULL, &model))
		if (json_string_is(json_get(model, "value"), settings->values[SETTING_MODEL]))
			return model;
	return SPAN_NONE;
}

static struct span effort_levels(const struct settings *settings)
{
	return json_get(current_model(settings), "supportedEffortLevels");
}

bool settings_has_effort(const struct settings *settings)
{
	return json_type(effort_levels(settings)) == JSON_ARRAY;
}

/* Is a switch there with the current model? Ultracode works with those that know "xhigh". */
static bool is_switch_offered(const struct settings *settings, enum setting setting)
{
	struct json_iter it = json_iter(effort_levels(settings));
	struct span level;
	if (setting == SETTING_FAST)
		return json_bool_or(json_get(current_model(settings), "supportsFastMode"), false);
	while (json_next(&it, NULL, &level))
		if (json_string_is(level, "xhigh"))
			return true;
	return false;
}

/* A fast mode that cools down is still on. */
bool settings_read_fast(struct settings *settings, struct span state)
{
	const char *was = settings->values[SETTING_FAST];
	bool is_on = json_string_is(state, "on") || json_string_is(state, "cooldown");
	if (json_type(state) != JSON_STRING || strcmp(was, is_on ? "on" : "off") == 0)
		return false;
	settings_set(settings, SETTING_FAST, is_on ? SPAN_LIT("\"on\"") : SPAN_LIT("\"off\""));
	return true;
}

static bool is_mode_offered(const struct settings *settings, const struct choice *mode)
{
	return settings->can_bypass || strcmp(mode->id, "bypassPermissions") != 0;
}

bool settings_offers(const struct settings *settings, enum setting setting, struct span value)
{
	if (setting == SETTING_MODE) {
		for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
			if (json_string_is(value, modes[i].id))
				return is_mode_offered(settings, &modes[i]);
		return false;
	}
	if (setting == SETTING_FAST || setting == SETTING_ULTRACODE)
		return is_switch_offered(settings, setting) &&
		       (json_string_is(value, "on") || json_string_is(value, "off"));
	if (setting == SETTING_MODEL) /* full ids that the list does not have work as well */
		return json_type(value) == JSON_STRING && value.n > 2;
	if (json_string_is(value, "default"))
		return settings_has_effort(settings);
	struct json_iter it = json_iter(effort_levels(settings));
	struct span level;
	while (json_next(&it, NULL, &level))
		if (json_scalar_equal(level, value))
			return true;
	return false;
}

/* --- writing ---------------------------------------------------------------------- */

const char *settings_mode(const struct session *session)
{
	return session->settings.values[SETTING_MODE];
}

void settings_write_modes(struct buf *b, const struct session *session, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (is_mode_offered(&session->settings, &modes[i]))
			content_choice(b, key, modes[i].id, modes[i].name, modes[i].description);
}

static void write_models(struct buf *b, const struct settings *settings)
{
	const char *current = settings->values[SETTING_MODEL];
	bool is_listed = false;
	struct json_iter it = json_iter(buf_span(&settings->models));
	struct span model;
	content_option_open(b, settings_ids[SETTING_MODEL], "Model", "model", current);
	while (json_next(&it, NULL, &model)) {
		is_listed |= json_string_is(json_get(model, "value"), current);
		content_choice_raw(b, json_get(model, "value"), json_get(model, "displayName"),
				   json_get(model, "description"));
	}
	if (!is_listed)
		content_choice(b, "value", current, current, NULL);
	content_option_close(b);
}

static void write_effort(struct buf *b, const struct settings *settings)
{
	content_option_open(b, settings_ids[SETTING_EFFORT], "Effort", "thought_level",
			    settings->values[SETTING_EFFORT]);
	content_level(b, SPAN_LIT("\"default\""));
	struct json_iter it = json_iter(effort_levels(settings));
	struct span level;
	while (json_next(&it, NULL, &level))
		content_level(b, level);
	content_option_close(b);
}

static void write_switch(struct buf *b, const struct settings *settings, enum setting setting,
			 const char *name)
{
	if (!is_switch_offered(settings, setting))
		return;
	content_option_open(b, settings_ids[setting], name, "model_config",
			    settings->values[setting]);
	content_choice(b, "value", "on", "On", NULL);
	content_choice(b, "value", "off", "Off", NULL);
	content_option_close(b);
}

void settings_write_options(struct buf *b, const struct session *session)
{
	const struct settings *settings = &session->settings;
	write_models(b, settings);
	if (settings_has_effort(settings))
		write_effort(b, settings);
	write_switch(b, settings, SETTING_FAST, "Fast mode");
	write_switch(b, settings, SETTING_ULTRACODE, "Ultracode");
}
