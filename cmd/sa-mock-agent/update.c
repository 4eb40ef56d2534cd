#include "update.h"

#include "rpc.h"
#include "json/write.h"

#include <stdarg.h>

static struct buf *open_params(struct agent *agent, const struct session *session)
{
	struct buf *b = &agent->out.queue;
	rpc_notify_open(b, "session/update");
	json_open(b, '{');
	json_kv_string(b, "sessionId", session->id);
	json_key(b, "update");
	return b;
}

struct buf *update_open(struct update *update, struct agent *agent, struct session *session,
			const char *kind)
{
	struct buf *b = open_params(agent, session);
	*update = (struct update){agent, session, b->len};
	json_open(b, '{');
	json_kv_string(b, "sessionUpdate", kind);
	return b;
}

/* Close params and envelope; the update object is complete already. */
static void finish(struct update *update, bool is_kept)
{
	struct buf *b = &update->agent->out.queue;
	if (is_kept) {
		struct buf *kept = &update->session->unsaved;
		json_open(kept, '{');
		json_key(kept, "update");
		buf_add(kept, b->data + update->start, b->len - update->start);
		json_close(kept, '}');
		buf_addc(kept, '\n');
	}
	json_close(b, '}');
	rpc_close(b);
	update_counted(update->agent);
}

void update_close(struct update *update, bool is_kept)
{
	json_close(&update->agent->out.queue, '}');
	finish(update, is_kept);
}

void update_counted(struct agent *agent)
{
	if (agent->die_after && --agent->die_after == 0)
		agent_die(agent, agent->die_status);
}

void update_content(struct buf *b, struct span text)
{
	json_key(b, "content");
	json_open(b, '{');
	json_kv_string(b, "type", "text");
	json_kv_span(b, "text", text);
	json_close(b, '}');
}

void update_text(struct agent *agent, struct session *session, const char *kind, struct span text)
{
	struct update update;
	update_content(update_open(&update, agent, session, kind), text);
	update_close(&update, true);
}

void update_textf(struct agent *agent, struct session *session, const char *fmt, ...)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	va_list ap;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	update_text(agent, session, "agent_message_chunk", buf_span(&text));
}

void update_block(struct agent *agent, struct session *session, const char *kind, struct span block)
{
	struct update update;
	json_kv_raw(update_open(&update, agent, session, kind), "content", block);
	update_close(&update, false);
}

void update_raw(struct agent *agent, struct session *session, struct span object, bool is_kept)
{
	struct buf *b = open_params(agent, session);
	struct update update = {agent, session, b->len};
	json_add_raw(b, object);
	finish(&update, is_kept);
}

void update_mode(struct agent *agent, struct session *session)
{
	struct update update;
	struct buf *b = update_open(&update, agent, session, "current_mode_update");
	json_kv_string(b, "currentModeId", session->settings[SETTING_MODE]);
	update_close(&update, false);
}

void update_options(struct agent *agent, struct session *session)
{
	struct update update;
	session_write_options(update_open(&update, agent, session, "config_option_update"),
			      session);
	update_close(&update, false);
}
