/* The options of all verbs. */
#ifndef SA_EVENTS_OPTIONS_OF_H
#define SA_EVENTS_OPTIONS_OF_H

#include "cli/command.h"

#include <stdint.h>

struct options {
	struct common_options common;
	uint64_t since; /* UINT64_MAX: not given */
	uint64_t tail;
	bool is_from_start;
	bool is_all;
	const char *until;
	struct string_list types;
	const char *jq;
	const char *format;
	const char *bundle; /* export: a file of sa-store export */
	const char *server; /* sse */
	uint64_t after;	    /* sse; UINT64_MAX: not given */
	uint64_t width; /* columns for words, 0: not wrapped; UINT64_MAX: as the terminal is */
	bool is_interactive;
};

/* At most one option says where to begin, and none is beyond all numbers. 0, or -1. */
int options_check_start(const struct options *o, struct sa_error *err);

int follow_run(const void *options, int argc, char **argv, struct sa_error *err);
int list_run(const void *options, int argc, char **argv, struct sa_error *err);
int show_run(const void *options, int argc, char **argv, struct sa_error *err);
int sse_run(const void *options, int argc, char **argv, struct sa_error *err);
int export_run(const void *options, int argc, char **argv, struct sa_error *err);

#endif
