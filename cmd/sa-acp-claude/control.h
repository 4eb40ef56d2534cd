/* Control requests to Claude, and what their answers mean for the ACP client. */
#ifndef CLAUDE_CONTROL_H
#define CLAUDE_CONTROL_H

#include "adapter/sessions.h"
#include "base/span.h"
#include "settings.h"

enum control_kind {
	CONTROL_INITIALIZE,
	/* As enum setting. */
	CONTROL_MODE,	/* set_permission_mode; value is the mode */
	CONTROL_MODEL,	/* set_model */
	CONTROL_EFFORT, /* apply_flag_settings effortLevel; "default" resets it */
	CONTROL_FAST,	/* apply_flag_settings fastMode; "on" or "off" */
	CONTROL_ULTRACODE,
	CONTROL_INTERRUPT,
	CONTROL_KINDS,
};

/* Send one. value is a JSON string (copied) for those that have one; request is the raw JSON id
 * of the ACP request to answer, as reply says. */
void control_send(struct session *session, enum control_kind kind, struct span value,
		  struct span request, enum session_reply reply);
/* Change a setting, likewise. */
void control_set(struct session *session, enum setting setting, struct span value,
		 struct span request, enum session_reply reply);
/* All of them, for a process that has been started again. */
void control_set_again(struct session *session);
/* A control_response line came: its response member. Those that we did not ask for are ignored. */
void control_answered(struct session *session, struct span response);
/* Claude has ended: fail what waits with this text; the wait for initialize is forgotten. */
void control_fail_all(struct session *session, const char *why);

#endif
