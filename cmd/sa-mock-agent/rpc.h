/* JSON-RPC 2.0 messages: telling them apart, and writing answers. */
#ifndef MOCK_RPC_H
#define MOCK_RPC_H

#include "base/buf.h"
#include "base/span.h"

enum rpc_error {
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_INTERNAL_ERROR = -32603,
	RPC_AUTH_REQUIRED = -32000,	 /* ACP */
	RPC_RESOURCE_NOT_FOUND = -32002, /* ACP */
	RPC_REQUEST_CANCELLED = -32800,	 /* ACP $/cancel_request */
};

/* One incoming message; every span borrows from the line. */
struct rpc_message {
	struct span whole;  /* the line without white space around it */
	struct span id;	    /* raw JSON; p == NULL when there is none */
	struct span method; /* raw JSON string, or not there */
	struct span params;
	struct span result;
	struct span error;
};

/* line passed json_check(). Members of the wrong kind count as absent. */
void rpc_parse(struct span line, struct rpc_message *ret_message);

/* Answers. An id that is not there (a notification) writes nothing. */
void rpc_result(struct buf *b, struct span id, struct span result);
void rpc_error(struct buf *b, struct span id, int64_t code, struct span text);

/* "{"jsonrpc":"2.0","method":METHOD,"params":" and what ends it. */
void rpc_notify_open(struct buf *b, const char *method);
void rpc_request_open(struct buf *b, int64_t id, const char *method);
void rpc_close(struct buf *b);

#endif
