#include "acp/rpc.h"

#include "json/write.h"

static void answer_open(struct buf *b, struct span id)
{
	json_open(b, '{');
	json_kv_string(b, "jsonrpc", "2.0");
	json_kv_raw(b, "id", id);
}

void rpc_close(struct buf *b)
{
	json_close(b, '}');
	buf_addc(b, '\n');
}

void rpc_result_open(struct buf *b, struct span id)
{
	answer_open(b, id);
	json_key(b, "result");
}

void rpc_result(struct buf *b, struct span id, struct span result)
{
	if (!id.p)
		return;
	rpc_result_open(b, id);
	json_add_raw(b, result);
	rpc_close(b);
}

void rpc_error_open(struct buf *b, struct span id, int64_t code, struct span text)
{
	answer_open(b, id);
	json_key(b, "error");
	json_open(b, '{');
	json_kv_int(b, "code", code);
	json_kv_span(b, "message", text);
}

void rpc_error_close(struct buf *b)
{
	json_close(b, '}');
	rpc_close(b);
}

void rpc_error(struct buf *b, struct span id, int64_t code, struct span text)
{
	if (!id.p)
		return;
	rpc_error_open(b, id, code, text);
	rpc_error_close(b);
}

void rpc_notify_open(struct buf *b, const char *method)
{
	json_open(b, '{');
	json_kv_string(b, "jsonrpc", "2.0");
	json_kv_string(b, "method", method);
	json_key(b, "params");
}

void rpc_request_open(struct buf *b, int64_t id, const char *method)
{
	json_open(b, '{');
	json_kv_string(b, "jsonrpc", "2.0");
	json_kv_int(b, "id", id);
	json_kv_string(b, "method", method);
	json_key(b, "params");
}
