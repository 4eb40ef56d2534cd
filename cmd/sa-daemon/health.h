/* Is a sandbox-agent server there? GET /v1/health over a plain socket: this
 * command asks little and starts often, so it does without an HTTP library. */
#ifndef SA_HEALTH_H
#define SA_HEALTH_H

#include <stdint.h>

enum { HEALTH_ANSWER_BYTES = 64 * 1024 };

enum health {
	HEALTH_NOBODY, /* nobody listens */
	HEALTH_SILENT, /* somebody does, but gives no answer in time */
	HEALTH_OTHER,  /* something that is no sandbox-agent */
	HEALTH_DENIED, /* one that wants another token */
	HEALTH_OK,
};

/* token may be NULL. deadline: monotonic. */
enum health health_ask(const char *host, unsigned port, const char *token, int64_t deadline);

#endif
