/* One skill in a source: found, judged, copied. */
#ifndef SA_CONFIG_SKILL_H
#define SA_CONFIG_SKILL_H

#include "base/error.h"
#include "base/span.h"

struct skill {
	int fd;	      /* its folder */
	char *name;   /* from SKILL.md, else the folder's */
	char *entry;  /* which entry of the configuration it came with */
	char *source; /* as configured */
};

#define SKILL_INIT ((struct skill){.fd = -1})
void skill_clear(struct skill *skill);

/* The name in the head of a SKILL.md, owned by the caller; fallback when the head has none. NULL
 * with PROBLEM_INVALID_REQUEST when there is no head, no description, or the name is not made of
 * a-z, 0-9 and '-'. */
char *skill_judge(struct span text, const char *fallback, struct sa_error *err);

/* A folder fd (taken) with a SKILL.md. 1 with ret; 0 when there is none; -1. */
int skill_open(int fd, const char *folder_name, struct skill *ret, struct sa_error *err);

/* Copy its files to to_dir/name, which is made; links, pipes and devices and what is named .git are
 * left out. 0, or -1 with a part of it left. */
int skill_copy(const struct skill *skill, int to_dir, const char *name, struct sa_error *err);

#endif
