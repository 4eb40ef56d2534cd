/*
 * Skills where agents look for them. Each is a folder with a SKILL.md that
 * begins with a name and a description between two lines "---". Claude Code reads
 * .claude/skills of the project; Codex, OpenCode, Amp, Pi and Cursor read
 * .agents/skills. What is laid out there is a copy with a mark in it
 * (SKILLS_MARK): what is not marked belongs to somebody else and is never
 * touched, what is marked and not configured any more goes.
 */
#ifndef SA_CONFIG_SKILLS_H
#define SA_CONFIG_SKILLS_H

#include "base/buf.h"
#include "base/error.h"
#include "source.h"

#define SKILLS_MARK ".sandbox-agent-skill.json"

/* Limits, each with a test. */
enum {
	SKILLS_FILE_BYTES = 256 * 1024, /* SKILL.md */
	SKILLS_BYTES = 64 << 20,	/* all files of one */
	SKILLS_FILES = 2000,
	SKILLS_NAME_BYTES = 64,
	SKILLS_MAX = 256, /* in one folder */
};

/*
 * Fetch, check, lay out, for one agent (NULL: for all), and append a record
 * for each to ret, one a line. With SOURCE_CACHED what is not there or not
 * right is left out with a line on standard error. 0, or -1; then what was
 * there before is still there.
 */
int skills_sync(const char *directory, const char *agent, enum source_mode mode, struct buf *ret,
		struct sa_error *err);

#endif
