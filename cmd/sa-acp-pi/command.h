/* Commands to Pi (its rpc mode's input), and what their responses mean. */
#ifndef PI_COMMAND_H
#define PI_COMMAND_H

#include "adapter/sessions.h"
#include "base/span.h"

/* What is asked when Pi starts: session_answered() is called for each response. */
enum { COMMANDS_AT_START = 4 };
void command_start(struct session *session);
void command_messages(struct session *session); /* the history, to be told */
void command_abort(struct session *session);
/* Send a prompt; members is an object's without braces. */
void command_prompt(struct session *session, const char *uuid, struct span members);
/* Change model ("provider/id" out of the list) or level; value is a JSON string. */
void command_set_model(struct session *session, struct span value, struct span request,
		       enum session_reply reply);
void command_set_level(struct session *session, struct span value, struct span request,
		       enum session_reply reply);

/* Is a change under way whose answer tells all settings? */
bool command_is_changing(const struct session *session);
/* A response line. */
void command_answered(struct session *session, struct span line);
/* Pi has ended: fail what waits. */
void command_fail_all(struct session *session, const char *why);

#endif
