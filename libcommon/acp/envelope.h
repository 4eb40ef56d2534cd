/*
 * JSON-RPC 2.0 envelopes as ACP sends them, one a line: what kind is it, and
 * where are its parts. Nothing is copied; the line stays as it came.
 */
#ifndef SA_ACP_ENVELOPE_H
#define SA_ACP_ENVELOPE_H

#include "base/buf.h"
#include "base/span.h"

enum envelope_kind {
	ENVELOPE_REQUEST,      /* method and id (an id of null counts) */
	ENVELOPE_NOTIFICATION, /* method, no id */
	ENVELOPE_RESPONSE,     /* id, no method */
	ENVELOPE_OTHER,	       /* JSON, but none of these: {} or no object */
	ENVELOPE_NOT_JSON,
};

struct envelope {
	enum envelope_kind kind;
	struct span text; /* the line without surrounding white space */
	struct span id;	  /* JSON value */
	struct span method;
	struct span params;
	struct span result;
	struct span error;
	size_t bad_offset; /* of the first wrong byte, for ENVELOPE_NOT_JSON */
};

/* The last member of a name counts, as in JSON.parse. ret borrows from line. */
void envelope_read(struct span line, struct envelope *ret);
/* Append the envelope with its id replaced by another JSON value; all other bytes stay. */
void envelope_add_with_id(struct buf *b, const struct envelope *envelope, struct span id);
/* Is the method this one? */
int envelope_is(const struct envelope *envelope, const char *method);

/* JSON-RPC and ACP error codes (JSON-RPC 2.0 5.1; ACP "Error"). */
enum rpc_error {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL_ERROR = -32603,
	RPC_AUTH_REQUIRED = -32000,
	RPC_RESOURCE_NOT_FOUND = -32002,
	RPC_CANCELLED = -32800,
};

#endif
