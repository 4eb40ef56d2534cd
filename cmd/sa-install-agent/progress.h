/*
 * How far an installation is, on stderr: a bar on a terminal, JSON lines in a
 * pipe ({"event":"download","agent":..,"bytes":..,"total":..}), nothing with
 * --quiet.
 */
#ifndef SA_INSTALL_AGENT_PROGRESS_H
#define SA_INSTALL_AGENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *agent;
	bool is_quiet;
	bool is_terminal;
	bool has_bar; /* a bar stands on the terminal's line */
	int64_t told_ms;
	int64_t told_bytes;
};

void progress_init(struct progress *progress, const char *agent, bool is_quiet);
/* A step, in words: "download", "verify", "unpack", "retry"; text says what or why. */
void progress_step(struct progress *progress, const char *event, const char *text);
/* Bytes of total (0: not known) are here. Tells at most a few times a second. */
void progress_bytes(struct progress *progress, int64_t bytes, int64_t total);
/* The bar is over. */
void progress_end(struct progress *progress);

#endif
