/* What can be set in a session: mode, collaboration, model, thought level. */
#ifndef CODEX_SETTINGS_H
#define CODEX_SETTINGS_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

struct codex;
struct session;

enum setting {
	SETTING_MODE,
	SETTING_COLLABORATION,
	SETTING_MODEL,
	SETTING_EFFORT,
	SETTING_COUNT,
};

/* The config option ids of them; ends with NULL. */
extern const char *const settings_ids[];

struct settings {
	char *values[SETTING_COUNT];	/* owned */
	bool is_set[SETTING_COUNT];	/* not what Codex began with */
	bool is_changed[SETTING_COUNT]; /* Codex has not been told yet: with the next turn */
};

void settings_init(struct settings *settings);
void settings_free(struct settings *settings);
/* What thread/start or thread/resume answered. */
void settings_read(struct settings *settings, const struct codex *codex, struct span result);
/* Change one; value is a JSON string that is offered. */
void settings_set(struct settings *settings, enum setting setting, struct span value);
bool settings_offers(const struct settings *settings, const struct codex *codex,
		     enum setting setting, struct span value);

/*
 * Members of turn/start for what has changed; after that Codex knows. roots: the folders beside
 * cwd that may be written to, a JSON array that may be not there.
 */
void settings_write_turn(struct buf *b, struct settings *settings, const struct codex *codex,
			 struct span roots);
/* Codex did not take it, or has forgotten it: with the next turn once more. */
void settings_tell_all(struct settings *settings);
/* Parts of the agent's table: see adapter/session.h. */
const char *settings_mode(const struct session *session);
void settings_write_modes(struct buf *b, const struct session *session, const char *key);
void settings_write_options(struct buf *b, const struct session *session);

/* Can Codex's sandbox work here: may this user make user namespaces? */
bool settings_probe_sandbox(void);

#endif
