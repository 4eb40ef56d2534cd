/* sa-store's options and verbs. */
#ifndef SA_STORE_VERBS_H
#define SA_STORE_VERBS_H

#include "cli/command.h"

struct options {
	struct common_options common;
	/* prune */
	int64_t older_ms;
	uint64_t keep;
	uint64_t max_bytes;
	bool is_dry_run;
	/* export, import */
	const char *output;
	const char *cwd;
	bool is_plain;
	bool is_unredacted;
};

int status_run(const void *options, int argc, char **argv, struct sa_error *err);
int migrate_run(const void *options, int argc, char **argv, struct sa_error *err);
int check_run(const void *options, int argc, char **argv, struct sa_error *err);
int vacuum_run(const void *options, int argc, char **argv, struct sa_error *err);
int copy_run(const void *options, int argc, char **argv, struct sa_error *err);
int prune_run(const void *options, int argc, char **argv, struct sa_error *err);
int export_run(const void *options, int argc, char **argv, struct sa_error *err);
int import_run(const void *options, int argc, char **argv, struct sa_error *err);

#endif
