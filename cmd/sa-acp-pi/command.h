/* Commands to Pi (its rpc mode's input), and what their responses mean. */
#ifndef PI_COMMAND_H
#define PI_COMMAND_H

#include "base/span.h"

struct session;

enum reply {
	REPLY_NONE,
	REPLY_EMPTY,   /* session/set_mode, session/set_model: {} */
	REPLY_OPTIONS, /* session/set_config_option: all options */
};

/* What is asked when Pi starts: session_answered() is called for each response. */
enum { COMMANDS_AT_START = 4 };
void command_start(struct session *session);
void command_messages(struct session *session); /* the history, to be told */
void command_abort(struct session *session);
/* Send a prompt; body is an object's members without braces. */
void command_prompt(struct session *session, struct span members);
/* Change model ("provider/id" out of the list) or level; value is a JSON string. */
void command_set_model(struct session *session, struct span value, struct span request,
		       enum reply reply);
void command_set_level(struct session *session, struct span value, struct span request,
		       enum reply reply);
/* Answer an ACP request about settings. request is the raw JSON id. */
void command_reply(struct session *session, struct span request, enum reply reply);

/* A response line. */
void command_answered(struct session *session, struct span line);
/* Pi has ended: fail what waits. */
void command_fail_all(struct session *session, const char *why);

#endif
