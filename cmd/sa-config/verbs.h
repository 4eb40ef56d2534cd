/* The options of all verbs; verbs that have a file of their own. */
#ifndef SA_CONFIG_VERBS_H
#define SA_CONFIG_VERBS_H

#include "cli/command.h"

struct config_options {
	struct common_options common;
	const char *directory;
	const char *name;
	const char *url;
	const char *agent;
	struct string_list env;
	struct string_list headers;
	bool is_names;
	struct string_list without;
	bool is_refreshing;
	bool is_cached;
};

#endif
