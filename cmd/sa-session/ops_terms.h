/* The terms of a session (terms.h), as a body of REST names them. */
#ifndef SA_SESSION_OPS_TERMS_H
#define SA_SESSION_OPS_TERMS_H

#include "base/error.h"
#include "base/span.h"

/* The members that name terms, NULL at the end. */
extern const char *const ops_terms_members[];
/* Options for sa-supervise as a JSON array of words; the caller frees. NULL with err. */
char *ops_terms(struct span body, struct sa_error *err);

#endif
