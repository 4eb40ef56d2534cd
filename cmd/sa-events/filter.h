/* Which records are printed, and what a jq program makes of them. */
#ifndef SA_EVENTS_FILTER_H
#define SA_EVENTS_FILTER_H

#include "base/buf.h"
#include "base/error.h"
#include "cli/options.h"
#include "view.h"

#include <jq.h>
#include <stdbool.h>

struct filter {
	const struct string_list *types;
	jq_state *jq; /* NULL: none */
};

/* 0; -1 with PROBLEM_INVALID_REQUEST for a jq program that does not compile. */
int filter_init(struct filter *filter, const struct string_list *types, const char *program,
		struct sa_error *err);
void filter_free(struct filter *filter);
#define cleanup_filter __attribute__((cleanup(filter_free)))

bool filter_matches(const struct filter *filter, struct view *view);
/* Append each output of the program as one compact line; its errors go to stderr. */
void filter_run(struct filter *filter, struct span line, struct buf *out);

#endif
