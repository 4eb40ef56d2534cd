#include "settings.h"

#include "adapter/content.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "session.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

/* The most of Pi's lists that is kept, bytes. */
enum { SETTINGS_LIST_BYTES = 4 << 20 };

struct mode {
	const char *id, *name, *description;
};

static const struct mode modes[] = {
    {"allow", "Allow", "Run tools without asking, as Pi itself does"},
    {"ask", "Ask", "Ask before every tool call that does more than read"},
};

const char *const settings_ids[SETTING_COUNT + 1] = {"mode", "model", "thought_level", NULL};
/* Before 0.87 Pi does not tell its levels. */
static const char default_levels[] = "[\"off\",\"minimal\",\"low\",\"medium\",\"high\"]";

void settings_init(struct settings *settings)
{
	*settings = (struct settings){
	    .models = BUF_INIT(SETTINGS_LIST_BYTES),
	    .levels = BUF_INIT(SETTINGS_LIST_BYTES),
	};
	settings->values[SETTING_MODE] = xstrdup("allow");
	settings->values[SETTING_MODEL] = xstrdup("");
	settings->values[SETTING_LEVEL] = xstrdup("");
}

void settings_free(struct settings *settings)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		free(settings->values[i]);
	buf_free(&settings->models);
	buf_free(&settings->levels);
	memset(settings->values, 0, sizeof(settings->values));
}

void settings_set(struct settings *settings, enum setting setting, struct span value)
{
	session_put(&settings->values[setting], json_string_dup(value));
	struct span model = settings_model(settings, value);
	if (setting == SETTING_MODEL && model.p)
		settings->context_window = json_int_or(json_get(model, "contextWindow"), 0);
}

/* "provider/id"; NULL when it is no model. */
static char *model_name(struct span model)
{
	cleanup_free char *provider = json_string_dup(json_get(model, "provider"));
	cleanup_free char *id = json_string_dup(json_get(model, "id"));
	return provider && id ? xasprintf("%s/%s", provider, id) : NULL;
}

void settings_read_state(struct settings *settings, struct span data)
{
	struct span model = json_get(data, "model");
	session_put(&settings->values[SETTING_MODEL], model_name(model));
	session_put(&settings->values[SETTING_LEVEL],
		    json_string_dup(json_get(data, "thinkingLevel")));
	settings->context_window = json_int_or(json_get(model, "contextWindow"), 0);
}

static void keep(struct buf *list, struct span value)
{
	buf_clear(list);
	if (json_type(value) == JSON_ARRAY)
		buf_add_span(list, value);
}

void settings_read_models(struct settings *settings, struct span data)
{
	keep(&settings->models, json_get(data, "models"));
}

void settings_read_levels(struct settings *settings, struct span data)
{
	struct span levels = json_type(data) == JSON_ARRAY ? data : json_get(data, "levels");
	keep(&settings->levels, levels);
}

struct span settings_model(const struct settings *settings, struct span value)
{
	struct json_iter it = json_iter(buf_span(&settings->models));
	struct span model;
	while (json_next(&it, NULL, &model)) {
		cleanup_free char *name = model_name(model);
		if (name && json_string_is(value, name))
			return model;
	}
	return SPAN_NONE;
}

static struct span levels(const struct settings *settings)
{
	return settings->levels.len ? buf_span(&settings->levels) : span_of(default_levels);
}

bool settings_offers(const struct settings *settings, enum setting setting, struct span value)
{
	struct json_iter it = json_iter(levels(settings));
	struct span level;
	switch (setting) {
	case SETTING_MODE:
		return json_string_is(value, "allow") || json_string_is(value, "ask");
	case SETTING_MODEL:
		return settings_model(settings, value).p != NULL;
	default:
		while (json_next(&it, NULL, &level))
			if (json_scalar_equal(level, value))
				return true;
		return false;
	}
}

bool settings_asks(const struct settings *settings)
{
	return strcmp(settings->values[SETTING_MODE], "ask") == 0;
}

/* --- writing ------------------------------------------------------------------------- */

const char *settings_mode(const struct session *session)
{
	return session->settings.values[SETTING_MODE];
}

void settings_write_modes(struct buf *b, const struct session *session, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		content_choice(b, key, modes[i].id, modes[i].name, modes[i].description);
}

static void write_models(struct buf *b, const struct settings *settings)
{
	struct json_iter it = json_iter(buf_span(&settings->models));
	struct span model;
	content_option_open(b, settings_ids[SETTING_MODEL], "Model", "model",
			    settings->values[SETTING_MODEL]);
	while (json_next(&it, NULL, &model)) {
		cleanup_free char *value = model_name(model);
		cleanup_free char *name = json_string_dup(json_get(model, "name"));
		if (value)
			content_choice(b, "value", value, name ? name : value, NULL);
	}
	content_option_close(b);
}

void settings_write_options(struct buf *b, const struct session *session)
{
	const struct settings *settings = &session->settings;
	struct json_iter it = json_iter(levels(settings));
	struct span level;
	if (settings->models.len)
		write_models(b, settings);
	content_option_open(b, settings_ids[SETTING_LEVEL], "Thinking", "thought_level",
			    settings->values[SETTING_LEVEL]);
	while (json_next(&it, NULL, &level))
		content_level(b, level);
	content_option_close(b);
}
