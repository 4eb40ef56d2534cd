/* The terms that a session is started on: who answers what it asks, how long that may take. */
#ifndef SA_SESSION_TERMS_H
#define SA_SESSION_TERMS_H

#include "cli/options.h"
#include "connection.h"

struct terms_options {
	const char *reach; /* "cwd", "any": where the files are that it asks for; NULL: cwd */
	struct string_list policies; /* names or files */
	bool is_yolo, is_read_only, is_accept_edits;
	/* As sa-supervise takes them; NULL: its own. */
	const char *ask_timeout;
	const char *ask_default;
	const char *ask_unattended;
	const char *cancel_grace;
	const char *on_ask;
	const char *on_ask_timeout;
	const char *max_turns;
	const char *max_tokens;
	const char *max_cost;
};

/* Words for sa-supervise. */
struct terms {
	char **words; /* owned, NULL-terminated; NULL: none */
	size_t count;
};

void terms_add(struct terms *terms, const struct terms_options *options);
/* Those of an earlier life: a JSON array of words, NULL allowed. */
void terms_add_recorded(struct terms *terms, const char *settings_json);
void terms_clear(struct terms *terms);
#define cleanup_terms __attribute__((cleanup(terms_clear)))

/*
 * A named policy is the agent's mode too, if it has one that is meant so
 * (ACP session modes). One that lets it go on without asking is only set
 * when no other policy would be passed over by that.
 */
void terms_set_mode(struct connection *c, const struct terms_options *options, int64_t deadline);

#endif
