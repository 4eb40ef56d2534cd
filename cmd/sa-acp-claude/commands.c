#include "commands.h"

#include "claude.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

static void write_command(struct buf *b, struct span command)
{
	struct span hint = json_get(command, "argumentHint");
	struct span description = json_get(command, "description");
	json_open(b, '{');
	json_kv_raw(b, "name", json_get(command, "name"));
	json_kv_raw(b, "description",
		    json_type(description) == JSON_STRING ? description : SPAN_LIT("\"\""));
	json_key(b, "input");
	if (json_type(hint) == JSON_STRING && hint.n > 2) {
		json_open(b, '{');
		json_kv_raw(b, "hint", hint);
		json_close(b, '}');
	} else {
		json_add_null(b);
	}
	json_close(b, '}');
}

void commands_tell(struct session *session, struct span commands)
{
	struct adapter *adapter = session->base.adapter;
	if (json_type(commands) != JSON_ARRAY)
		return;
	struct buf *b = adapter_update_open(adapter, session->base.id, "available_commands_update");
	json_key(b, "availableCommands");
	json_open(b, '[');
	struct json_iter it = json_iter(commands);
	struct span command;
	while (json_next(&it, NULL, &command))
		if (json_type(json_get(command, "name")) == JSON_STRING)
			write_command(b, command);
	json_close(b, ']');
	adapter_update_close(adapter);
}
