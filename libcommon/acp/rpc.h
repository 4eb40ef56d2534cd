/*
 * Writing JSON-RPC 2.0 messages (JSON-RPC 2.0 4 and 5), one a line. Each
 * message is appended to a buffer and ends with a newline.
 */
#ifndef SA_ACP_RPC_H
#define SA_ACP_RPC_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* Answers. An id that is not there (a notification) writes nothing. */
void rpc_result(struct buf *b, struct span id, struct span result);
void rpc_error(struct buf *b, struct span id, int64_t code, struct span text);

/* An error up to its data, which the caller may add as a member; rpc_error_close ends it. */
void rpc_error_open(struct buf *b, struct span id, int64_t code, struct span text);
void rpc_error_close(struct buf *b);

/* An answer up to its result, which the caller writes; rpc_close ends it. */
void rpc_result_open(struct buf *b, struct span id);
/* "{"jsonrpc":"2.0","method":METHOD,"params":" and what ends it. */
void rpc_notify_open(struct buf *b, const char *method);
void rpc_request_open(struct buf *b, int64_t id, const char *method);
void rpc_close(struct buf *b);

#endif
