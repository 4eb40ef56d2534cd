/*
 * Pi never asks before a tool call. An extension of our own, loaded with
 * --extension, puts each call to us first as an extension_ui_request; the
 * session's mode decides whether the client is asked.
 */
#ifndef PI_GATE_H
#define PI_GATE_H

#include "base/error.h"
#include "base/span.h"

/* What the gate's questions begin with; a JSON object follows. */
#define GATE_PREFIX "sandbox-agent permission "
#define GATE_ALLOW "allow"
#define GATE_REJECT "reject"

/* Write the extension into a new private folder; both are owned by the caller. 0, or -1. */
int gate_write(char **ret_folder, char **ret_path, struct sa_error *err);
void gate_remove(char *folder, char *path); /* frees them; NULL allowed */

#endif
