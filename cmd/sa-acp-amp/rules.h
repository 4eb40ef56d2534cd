/* Amp's settings for a session that asks: the user's own, with rules that delegate (Amp's manual,
 * "Permissions"). */
#ifndef AMP_RULES_H
#define AMP_RULES_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

struct adapter;

/* The longest settings file of the user that is read, bytes. */
#define RULES_FILE_BYTES ((size_t)4 << 20)

/* Comments and commas before a closing bracket become blanks: JSON with comments as JSON. */
void rules_plain_json(struct buf *text);
/* The settings: user is a JSON object, or nothing; helper is asked before all that does more than
 * read. */
void rules_compose(struct buf *b, struct span user, const char *helper);
/* Write them to path. What the user's file says that cannot be read is told on stderr. 0, or -1. */
int rules_write(struct adapter *adapter, const char *path, const char *helper,
		struct sa_error *err);

#endif
