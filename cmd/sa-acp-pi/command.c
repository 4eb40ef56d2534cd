#include "command.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "event.h"
#include "pi.h"
#include "session.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS "get_available_thinking_levels"

struct command {
	struct command *next;
	char *id;
	const char *type; /* Pi's name of it */
	char *value;	  /* JSON string, or NULL */
	char *request;	  /* raw JSON id of the ACP request, or NULL */
	enum session_reply reply;
};

static struct buf *out(struct session *session)
{
	return wire_queue(&session->base.child.wire);
}

/* {"id":..,"type":..  - the caller adds members and closes. */
static struct buf *open_command(struct session *session, const char *type, struct span value,
				struct span request, enum session_reply reply)
{
	struct command *command = xcalloc(1, sizeof(*command));
	*command = (struct command){
	    .next = session->commands,
	    .id = xasprintf("sa-%llu", (unsigned long long)++session->next_command),
	    .type = type,
	    .value = value.p ? xmemdup0(value.p, value.n) : NULL,
	    .request = request.p ? xmemdup0(request.p, request.n) : NULL,
	    .reply = reply,
	};
	session->commands = command;
	struct buf *b = out(session);
	json_open(b, '{');
	json_kv_string(b, "id", command->id);
	json_kv_string(b, "type", type);
	return b;
}

static void close_command(struct buf *b)
{
	json_close(b, '}');
	buf_addc(b, '\n');
}

static void send_plain(struct session *session, const char *type)
{
	close_command(open_command(session, type, SPAN_NONE, SPAN_NONE, REPLY_NONE));
}

void command_start(struct session *session)
{
	session->starting = COMMANDS_AT_START;
	send_plain(session, "get_state");
	send_plain(session, "get_available_models");
	send_plain(session, LEVELS);
	send_plain(session, "get_commands");
}

void command_messages(struct session *session)
{
	send_plain(session, "get_messages");
}

void command_abort(struct session *session)
{
	send_plain(session, "abort");
}

void command_prompt(struct session *session, const char *uuid, struct span members)
{
	cleanup_buf struct buf name = BUF_INIT(BUF_MAX_OWN);
	json_add_string(&name, span_of(uuid));
	struct buf *b = open_command(session, "prompt", buf_span(&name), SPAN_NONE, REPLY_NONE);
	buf_addc(b, ',');
	buf_add_span(b, members);
	close_command(b);
}

void command_set_model(struct session *session, struct span value, struct span request,
		       enum session_reply reply)
{
	struct span model = settings_model(&session->settings, value);
	struct buf *b = open_command(session, "set_model", value, request, reply);
	json_kv_raw(b, "provider", json_get(model, "provider"));
	json_kv_raw(b, "modelId", json_get(model, "id"));
	close_command(b);
}

void command_set_level(struct session *session, struct span value, struct span request,
		       enum session_reply reply)
{
	struct buf *b = open_command(session, "set_thinking_level", value, request, reply);
	json_kv_raw(b, "level", value);
	close_command(b);
}

bool command_is_changing(const struct session *session)
{
	for (const struct command *c = session->commands; c; c = c->next)
		if (c->reply != REPLY_NONE)
			return true;
	return false;
}

/* --- answers -------------------------------------------------------------------------- */

static void read_state(struct session *session, struct span data)
{
	char *id = json_string_dup(json_get(data, "sessionId"));
	char *file = json_string_dup(json_get(data, "sessionFile"));
	settings_read_state(&session->settings, data);
	if (id && !session->base.id)
		session->base.id = TAKE_PTR(id);
	if (file) {
		free(session->file);
		session->file = TAKE_PTR(file);
	}
	free(id);
}

/* The levels are the model's: ask for them before its change is answered. */
static void model_changed(struct session *session, const struct command *command)
{
	settings_set(&session->settings, SETTING_MODEL, span_of(command->value));
	close_command(
	    open_command(session, LEVELS, SPAN_NONE, span_of(command->request), command->reply));
}

/*
 * What an extension does with a prompt itself (its slash commands) has no agent_settled: look
 * whether anything runs. Pi before 0.87 accepts before it begins, there that tells nothing.
 */
static void prompt_accepted(struct session *session, struct span uuid)
{
	if (session->settings.levels.len)
		close_command(open_command(session, "get_state", uuid, SPAN_NONE, REPLY_NONE));
}

static void succeeded(struct session *session, const struct command *command, struct span data)
{
	struct span value = span_of(command->value);
	if (strcmp(command->type, "set_model") == 0) {
		model_changed(session, command);
		return;
	}
	if (strcmp(command->type, "prompt") == 0)
		prompt_accepted(session, value);
	else if (strcmp(command->type, "get_state") == 0 && value.p)
		turn_accepted(session, value, data);
	else if (strcmp(command->type, "get_state") == 0)
		read_state(session, data);
	else if (strcmp(command->type, "get_available_models") == 0)
		settings_read_models(&session->settings, data);
	else if (strcmp(command->type, LEVELS) == 0)
		settings_read_levels(&session->settings, data);
	else if (strcmp(command->type, "get_commands") == 0)
		event_keep_commands(session, json_get(data, "commands"));
	else if (strcmp(command->type, "get_messages") == 0)
		event_replay(session, json_get(data, "messages"));
	else if (strcmp(command->type, "set_thinking_level") == 0)
		settings_set(&session->settings, SETTING_LEVEL, value);
	session_base_changed(&session->base, span_of(command->request), command->reply);
}

static void failed(struct session *session, const struct command *command, const char *why)
{
	if (strcmp(command->type, LEVELS) ==
	    0) { /* an old Pi: the model has changed all the same */
		session_base_changed(&session->base, span_of(command->request), command->reply);
		return;
	}
	if (strcmp(command->type, "prompt") == 0)
		turn_refused(session, why);
	else if (strcmp(command->type, "get_messages") == 0)
		session_replayed(session);
	adapter_error(session->base.adapter, span_of(command->request), RPC_INTERNAL_ERROR,
		      "Pi refused: %s", why);
}

static bool is_at_start(const char *type)
{
	return strcmp(type, "get_state") == 0 || strcmp(type, "get_commands") == 0 ||
	       strncmp(type, "get_available_", 14) == 0;
}

static void command_free(struct command *command)
{
	free(command->id);
	free(command->value);
	free(command->request);
	free(command);
}

static void settle(struct session *session, struct command *command, struct span line)
{
	if (json_bool_or(json_get(line, "success"), false)) {
		succeeded(session, command, json_get(line, "data"));
	} else {
		cleanup_free char *why = json_string_dup(json_get(line, "error"));
		failed(session, command, why ? why : "no reason given");
	}
	if (is_at_start(command->type))
		session_answered(session);
	command_free(command);
}

/*
 * By id; Pi before 0.87 answers a command that it does not know without an
 * id but with its name.
 */
void command_answered(struct session *session, struct span line)
{
	struct span id = json_get(line, "id"), name = json_get(line, "command");
	for (struct command **link = &session->commands; *link; link = &(*link)->next) {
		struct command *command = *link;
		bool is_it =
		    id.p ? json_string_is(id, command->id) : json_string_is(name, command->type);
		if (!is_it)
			continue;
		*link = command->next;
		settle(session, command, line);
		return;
	}
}

void command_fail_all(struct session *session, const char *why)
{
	struct command *next, *command = session->commands;
	session->commands = NULL;
	for (; command; command = next) {
		next = command->next;
		adapter_error(session->base.adapter, span_of(command->request), RPC_INTERNAL_ERROR,
			      "%s", why);
		command_free(command);
	}
}
