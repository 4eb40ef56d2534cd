/* Telling JSON-RPC 2.0 messages apart; acp/rpc.h writes them. */
#ifndef MOCK_RPC_H
#define MOCK_RPC_H

#include "acp/envelope.h"
#include "acp/rpc.h"
#include "base/span.h"

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

#endif
