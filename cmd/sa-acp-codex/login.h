/*
 * Credentials. The app-server ignores OPENAI_API_KEY and CODEX_API_KEY (seen
 * with 0.169); where nobody is logged in they are handed over by its own
 * login call, kept in its memory only.
 */
#ifndef CODEX_LOGIN_H
#define CODEX_LOGIN_H

#include "adapter/adapter.h"
#include "adapter/argv.h"

struct codex;

/* The authMethods of ACP's initialize, one JSON array. */
extern const char login_methods[];

/* What the app-server is started with so that a key of the environment is not written to disk. */
void login_add_arguments(struct argv *argv);
/* Log in with the key of the environment when nobody is. */
void login_begin(struct codex *codex);
/* ACP authenticate. */
void login_authenticate(struct adapter *adapter, const struct envelope *envelope);

#endif
