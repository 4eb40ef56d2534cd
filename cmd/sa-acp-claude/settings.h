/* What can be set in a session: permission mode, model, thought level, and the model's two
 * switches. */
#ifndef CLAUDE_SETTINGS_H
#define CLAUDE_SETTINGS_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct session;

enum setting {
	SETTING_MODE,
	SETTING_MODEL,
	SETTING_EFFORT,
	SETTING_FAST,	   /* "on", "off" */
	SETTING_ULTRACODE, /* likewise: workflows of agents for every task */
	SETTING_COUNT
};

/* The config option ids of them; ends with NULL. */
extern const char *const settings_ids[];

struct settings {
	char *values[SETTING_COUNT]; /* owned */
	struct buf models;	     /* Claude's own list, a raw JSON array */
	bool can_bypass;	     /* Claude was started so that bypassPermissions is allowed */
};

void settings_init(struct settings *settings, bool can_bypass);
void settings_free(struct settings *settings);
/*
 * Take models and, unless the process has been started again, the mode out of the answer to
 * Claude's initialize.
 */
void settings_read(struct settings *settings, struct span response, bool is_again);
/* What Claude begins with, and going back to it. */
bool settings_is_default(enum setting setting, const char *value);
void settings_reset(struct settings *settings, enum setting setting);
void settings_set(struct settings *settings, enum setting setting, struct span value);
/* Is value (a JSON string) offered for the setting now? */
bool settings_offers(const struct settings *settings, enum setting setting, struct span value);
/* Has the current model thought levels? */
bool settings_has_effort(const struct settings *settings);

/* Take Claude's word (fast_mode_state) for what its fast mode is. Has it changed? */
bool settings_read_fast(struct settings *settings, struct span state);

/* Parts of the agent's table: see adapter/session.h. */
const char *settings_mode(const struct session *session);
void settings_write_modes(struct buf *b, const struct session *session, const char *key);
void settings_write_options(struct buf *b, const struct session *session);

#endif
