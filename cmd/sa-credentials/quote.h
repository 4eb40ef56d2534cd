/* Assignments in the forms that shells and programs read back unchanged. */
#ifndef SA_CREDENTIALS_QUOTE_H
#define SA_CREDENTIALS_QUOTE_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

enum quote_format {
	QUOTE_SH,     /* NAME='value', for POSIX shells */
	QUOTE_FISH,   /* set -gx NAME 'value' */
	QUOTE_JSON,   /* members of one object */
	QUOTE_DOTENV, /* NAME='value', "value" only where it must be */
	QUOTE_DOCKER, /* NAME=value as it is: docker run --env-file */
};

/* 0, or -1 with PROBLEM_INVALID_REQUEST. */
int quote_format_parse(const char *name, enum quote_format *ret_format, struct sa_error *err);

/* One word for a POSIX shell; plain words stay as they are. */
void quote_sh(struct buf *b, struct span text);
void quote_fish(struct buf *b, struct span text);
void quote_dotenv(struct buf *b, struct span text);

/*
 * Append one assignment: a line, or for JSON a member (the caller opens and
 * closes the object). name is a variable's name, value has no control
 * characters (findings see to both).
 */
void quote_assignment(struct buf *b, enum quote_format format, bool is_export, const char *name,
		      const char *value);

#endif
