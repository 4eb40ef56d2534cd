#include "rpc.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "json/write.h"

void rpc_parse(struct span line, struct rpc_message *ret_message)
{
	static const char *const names[] = {"id", "method", "params", "result", "error"};
	struct span values[ARRAY_SIZE(names)] = {{NULL, 0}};
	struct span whole = span_trim(line);
	if (json_type(whole) == JSON_OBJECT)
		json_members(whole, names, values, ARRAY_SIZE(names));
	*ret_message = (struct rpc_message){
	    .whole = whole,
	    .id = values[0],
	    .method = json_type(values[1]) == JSON_STRING ? values[1] : SPAN_NONE,
	    .params = values[2],
	    .result = values[3],
	    .error = values[4],
	};
}

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

void rpc_result(struct buf *b, struct span id, struct span result)
{
	if (!id.p)
		return;
	answer_open(b, id);
	json_kv_raw(b, "result", result);
	rpc_close(b);
}

void rpc_error(struct buf *b, struct span id, int64_t code, struct span text)
{
	if (!id.p)
		return;
	answer_open(b, id);
	json_key(b, "error");
	json_open(b, '{');
	json_kv_int(b, "code", code);
	json_kv_span(b, "message", text);
	json_close(b, '}');
	rpc_close(b);
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
