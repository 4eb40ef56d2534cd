/*
 * What can be set in a session: its mode, its model, its thought level and
 * whatever else the agent has, all as ACP SessionConfigOptions. Agents that
 * tell of modes or models in the older ways get an option of that form made
 * up, with a member "via" that names the method which sets it.
 */
#ifndef SA_SESSION_SETTINGS_H
#define SA_SESSION_SETTINGS_H

#include "connection.h"

/* Append the options of a session as a JSON array. */
void settings_add(struct buf *b, const struct session *session);
/* The option in that array by its id, else by its category ("thought-level" is "thought_level"). */
struct span settings_find(struct span options, const char *name);

/* Walk through the values of a select option, in groups or not. 0 to go on. */
typedef int settings_value_fn(struct span value, struct span name, void *arg);
int settings_each_value(struct span option, settings_value_fn *fn, void *arg);

/*
 * Set an option of the linked session to value: one of its values, or the
 * name of one. 0; -1 with PROBLEM_INVALID_REQUEST that lists what there is.
 */
int settings_set(struct connection *c, const char *name, const char *value, int64_t deadline,
		 struct sa_error *err);
/* The same for "NAME=VALUE". */
int settings_set_pair(struct connection *c, const char *pair, int64_t deadline,
		      struct sa_error *err);

/* Set what differs from what it was in before, as far as the agent lets; it may know other values
 * by now. */
void settings_restore(struct connection *c, const struct session *before, int64_t deadline);

#endif
