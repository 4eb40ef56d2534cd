/* The description of this API: cmd/sa-serve/openapi.json, in the program as it is. */
#ifndef SA_SERVE_OPENAPI_H
#define SA_SERVE_OPENAPI_H

extern const char openapi_json[]; /* NUL-terminated */

#endif
