#include "rpc.h"

#include "base/cleanup.h"
#include "json/scan.h"

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
