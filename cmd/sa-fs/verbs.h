/* The options of all verbs, and the verbs that are more than a few lines. */
#ifndef SA_FS_VERBS_H
#define SA_FS_VERBS_H

#include "cli/command.h"

#include <stdint.h>

struct fs_options {
	struct common_options common;
	const char *root;
	const char *range;
	const char *if_match;
	const char *path;
	const char *compress;
	uint64_t max_bytes;
	uint64_t max_entries;
	uint64_t max_ratio;
	const char *name;
	const char *content;
	const char *regex;
	uint64_t limit;
	uint64_t count;
	uint64_t max_folders;
	bool is_all;
	bool is_ignoring_case;
	bool is_not_following;
	bool is_new;
	bool is_synced;
	bool is_overwriting;
	bool is_recursive;
};

typedef int verb_fn(const void *options, int argc, char **argv, struct sa_error *err);
verb_fn run_list, run_stat, run_read, run_write, run_append; /* content.c */
verb_fn run_upload, run_download;			     /* archive.c */
verb_fn run_watch, run_search;				     /* find.c */

#endif
