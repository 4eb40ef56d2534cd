/* When a token ends, in the forms that the agents write it. */
#ifndef SA_CREDENTIALS_EXPIRY_H
#define SA_CREDENTIALS_EXPIRY_H

#include "base/span.h"

#include <stdint.h>

/*
 * RFC 3339 5.6 date-time, "2026-11-22T10:00:00.123+01:00", in Unix
 * milliseconds. 0, or -1.
 */
int expiry_parse_rfc3339(struct span text, int64_t *ret_ms);
/*
 * A JSON value as written by an agent: a number (milliseconds, or seconds
 * when below 10^11, which as milliseconds would be 1973), the same in a
 * string, or RFC 3339. Unix milliseconds; 0 when the value is not there, is
 * 0 or is none of these: no expiry is known then.
 */
int64_t expiry_of_json(struct span value);
/* The same for text without quotes. */
int64_t expiry_of_text(struct span text);
/* The "exp" claim (RFC 7519 4.1.4) of a token that is a JWT; 0 when it is none. Unverified. */
int64_t expiry_of_jwt(struct span token);

#endif
