#include "view.h"

#include "json/scan.h"

void view_read(struct span line, struct view *ret)
{
	static const char *const names[] = {"id",     "eventIndex", "sessionId",
					    "sender", "answers",    "payload"};
	struct span f[6];
	line = span_trim(line);
	json_members(line, names, f, 6);
	*ret = (struct view){
	    .line = line,
	    .index = json_int_or(f[1], 0),
	    .id = f[0],
	    .session = f[2],
	    .sender = f[3],
	    .answers = f[4],
	    .payload = f[5],
	};
	ret->method = json_get(ret->payload, "method");
	if (!json_string_is(ret->method, "session/update"))
		return;
	ret->update = json_path(ret->payload, "params.update");
	ret->kind = json_get(ret->update, "sessionUpdate");
}

bool view_is_prompt(const struct view *view)
{
	return json_string_is(view->method, "session/prompt") &&
	       json_string_is(view->sender, "client");
}

bool view_is_turn_end(const struct view *view)
{
	return json_string_is(view->answers, "session/prompt");
}
