/*
 * Where skills come from: a local folder, a repository on GitHub, any git
 * repository. Repositories are fetched by git, one commit deep, into the
 * user's cache; what is there is used again until a refresh is asked for.
 * Their content is only files here: no hook, no submodule, no helper of
 * theirs is run, and nobody is asked for a password.
 */
#ifndef SA_CONFIG_SOURCE_H
#define SA_CONFIG_SOURCE_H

#include "base/error.h"
#include "base/span.h"

enum { SOURCE_FETCH_MS = 120 * 1000 };

/* The environment may name another place than https://github.com, for GitHub Enterprise. */
#define SOURCE_GITHUB_VARIABLE "SANDBOX_AGENT_GITHUB_URL"

enum source_mode {
	SOURCE_USE,	/* what is in the cache; fetched when it is not */
	SOURCE_REFRESH, /* fetched */
	SOURCE_CACHED,	/* never fetched: PROBLEM_NOT_FOUND when it is not there */
};

/*
 * The folder of a source {type, source, ref?, subpath?}, fetched if need be;
 * relative local ones start at directory. An O_PATH descriptor, or -1:
 * PROBLEM_INVALID_REQUEST for a type nobody knows or a source that is none,
 * PROBLEM_NOT_FOUND, PROBLEM_TIMEOUT, PROBLEM_STREAM_ERROR with git's words.
 */
int source_open(const char *directory, struct span source, enum source_mode mode,
		struct sa_error *err);

#endif
