/* What can be set: whether tool calls are asked about, model, thinking level. */
#ifndef PI_SETTINGS_H
#define PI_SETTINGS_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct session;

enum setting { SETTING_MODE, SETTING_MODEL, SETTING_LEVEL, SETTING_COUNT };

/* The config option ids of them; ends with NULL. */
extern const char *const settings_ids[];

struct settings {
	char *values[SETTING_COUNT]; /* mode; "provider/model"; level; owned */
	struct buf models;	     /* Pi's array, raw JSON */
	struct buf levels;	     /* an array of strings, raw JSON; empty: Pi did not tell */
	int64_t context_window;	     /* of the model, 0: unknown */
};

void settings_init(struct settings *settings);
void settings_free(struct settings *settings);
/* Data of get_state, get_available_models, get_available_thinking_levels. */
void settings_read_state(struct settings *settings, struct span data);
void settings_read_models(struct settings *settings, struct span data);
void settings_read_levels(struct settings *settings, struct span data);
void settings_set(struct settings *settings, enum setting setting, struct span value);
bool settings_offers(const struct settings *settings, enum setting setting, struct span value);
/* Is the client asked before tool calls? */
bool settings_asks(const struct settings *settings);
/* The model's object out of Pi's list; not there when value names none. */
struct span settings_model(const struct settings *settings, struct span value);

/* Parts of the agent's table: see adapter/session.h. */
const char *settings_mode(const struct session *session);
void settings_write_modes(struct buf *b, const struct session *session, const char *key);
void settings_write_options(struct buf *b, const struct session *session);

#endif
