#include "adapter/session.h"

#include "adapter/argv.h"
#include "adapter/content.h"
#include "adapter/toolcall.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

/* The part of a line that is no JSON and is shown in a complaint, bytes. */
enum { SESSION_QUOTE_BYTES = 200 };

void session_drop(char **text)
{
	free(*text);
	*text = NULL;
}

void session_put(char **text, char *value)
{
	if (!value)
		return;
	free(*text);
	*text = value;
}

void session_keep(char **text, struct span value)
{
	free(*text);
	*text = json_string_dup(value);
}

/* The session whose base this is. */
static struct session *of(struct adapter_session *base)
{
	return (struct session *)(void *)base;
}

void session_base_init(struct adapter_session *base, struct adapter *adapter)
{
	*base = (struct adapter_session){.adapter = adapter, .cancel_deadline = DEADLINE_NEVER};
	child_init(&base->child);
}

void session_free(struct session *session)
{
	struct adapter_session *base = session_base(session);
	base->adapter->agent->release(session);
	toolcall_forget_all(base);
	child_free(&base->child);
	while (base->prompts.first)
		prompts_pop(&base->prompts);
	session_drop(&base->id);
	session_drop(&base->cwd);
	session_drop(&base->open_request);
	session_drop(&base->close_request);
	free(session);
}

bool session_base_is_open(const struct adapter_session *base)
{
	const struct adapter_agent *agent = base->adapter->agent;
	const struct session *session = (const void *)base;
	return agent->is_open ? agent->is_open(session) : base->state != SESSION_CLOSING;
}

/* --- its settings -------------------------------------------------------------------- */

/* The member "configOptions": a mode is an option, too. */
static void write_options(struct buf *b, struct adapter_session *base)
{
	const struct adapter_agent *agent = base->adapter->agent;
	json_key(b, "configOptions");
	json_open(b, '[');
	content_option_open(b, "mode", "Mode", "mode", agent->mode(of(base)));
	agent->write_modes(b, of(base), "value");
	content_option_close(b);
	if (agent->write_options)
		agent->write_options(b, of(base));
	json_close(b, ']');
}

/* The member "modes", for clients that do not know options yet. */
static void write_modes(struct buf *b, struct adapter_session *base)
{
	const struct adapter_agent *agent = base->adapter->agent;
	json_key(b, "modes");
	json_open(b, '{');
	json_kv_string(b, "currentModeId", agent->mode(of(base)));
	json_key(b, "availableModes");
	json_open(b, '[');
	agent->write_modes(b, of(base), "id");
	json_close(b, ']');
	json_close(b, '}');
}

void session_base_tell_options(struct adapter_session *base)
{
	struct buf *b = adapter_update_open(base->adapter, base->id, "config_option_update");
	write_options(b, base);
	adapter_update_close(base->adapter);
}

void session_base_changed(struct adapter_session *base, struct span request,
			  enum session_reply reply)
{
	if (reply == REPLY_EMPTY) {
		session_base_tell_options(base);
		adapter_result(base->adapter, request, SPAN_LIT("{}"));
	} else if (reply == REPLY_OPTIONS) {
		struct buf *b = adapter_result_open(base->adapter, request);
		json_open(b, '{');
		write_options(b, base);
		json_close(b, '}');
		adapter_result_close(base->adapter);
	}
}

/* --- it is opened -------------------------------------------------------------------- */

void session_base_opened(struct adapter_session *base)
{
	if (!base->open_request)
		return;
	struct buf *b = adapter_result_open(base->adapter, span_of(base->open_request));
	json_open(b, '{');
	if (base->open == SESSION_NEW || base->open == SESSION_FORK)
		json_kv_string(b, "sessionId", base->id);
	write_modes(b, base);
	write_options(b, base);
	json_close(b, '}');
	adapter_result_close(base->adapter);
	session_drop(&base->open_request);
}

void session_base_refuse(struct adapter_session *base, int64_t code, const char *fmt, ...)
{
	cleanup_buf struct buf why = BUF_INIT(BUF_MAX_OWN);
	va_list ap;
	va_start(ap, fmt);
	buf_vaddf(&why, fmt, ap);
	va_end(ap);
	adapter_error(base->adapter, span_of(base->open_request), code, "%.*s", (int)why.len,
		      why.data ? why.data : "");
	session_drop(&base->open_request);
	base->is_gone = true;
}

/* --- its process --------------------------------------------------------------------- */

static void on_line(void *arg, struct span line)
{
	struct adapter_session *base = arg;
	base->adapter->agent->line(of(base), line);
}

static void on_long(void *arg, struct span head, uint64_t bytes)
{
	struct adapter_session *base = arg;
	(void)head;
	adapter_log(base->adapter, "a line of %llu bytes of %s was left out",
		    (unsigned long long)bytes, base->adapter->agent->called);
}

static void on_exit_of_child(void *arg)
{
	struct adapter_session *base = arg;
	base->adapter->agent->ended(of(base));
}

int session_base_start(struct adapter_session *base, const struct argv *argv, const char *config,
		       struct sa_error *err)
{
	static const struct wire_events events = {on_line, on_long, NULL};
	struct adapter *adapter = base->adapter;
	cleanup_close int fd = config ? argv_text_fd(config) : -1;
	if (config && fd < 0)
		return error_set(err, PROBLEM_FAILED, "keep the MCP servers");
	cleanup_argv struct argv env = {NULL, 0};
	argv_add_environment(&env, adapter->agent->environment);
	struct spawn spawn = SPAWN_INIT;
	spawn.path = argv->words[0];
	spawn.argv = argv->words;
	spawn.env = env.words;
	spawn.cwd = base->cwd;
	if (config) {
		spawn.fds[3] = fd;
		spawn.fd_count = 4;
	}
	return child_start(&base->child, &adapter->loop, &spawn, adapter->line_bytes, &events,
			   on_exit_of_child, base, err);
}

/* --- its turns ----------------------------------------------------------------------- */

void session_base_next(struct adapter_session *base)
{
	struct prompt *prompt = prompts_waiting(&base->prompts);
	if (base->state == SESSION_READY && prompt)
		base->adapter->agent->send(of(base), prompt);
}

int session_base_check(struct adapter_session *base, struct sa_error *err)
{
	const struct adapter_agent *agent = base->adapter->agent;
	if (agent->check && agent->check(of(base), err) < 0)
		return -1;
	if (child_is_alive(&base->child) && wire_is_stuck(&base->child.wire))
		return error_set(err, PROBLEM_AGENT_STALLED, "%s does not read its input",
				 agent->called);
	return base->state == SESSION_DEAD ? agent->restart(of(base), err) : 0;
}

void session_base_interrupt(struct adapter_session *base)
{
	const struct adapter_agent *agent = base->adapter->agent;
	struct prompt *prompt = prompts_running(&base->prompts);
	if (!prompt || prompt->is_cancelled)
		return;
	prompt->is_cancelled = true;
	base->cancel_deadline = deadline_after(agent->cancel_ms);
	agent->interrupt(of(base));
}

void session_base_cancel(struct adapter_session *base)
{
	session_base_interrupt(base);
	prompts_cancel_waiting(&base->prompts, base->adapter);
}

/* --- what it tells ------------------------------------------------------------------- */

bool session_base_takes(const struct adapter_session *base, struct span *line)
{
	size_t bad_offset;
	*line = span_trim(*line);
	if (line->n == 0 || base->is_gone)
		return false;
	if (json_check(*line, &bad_offset) == 0 && json_type(*line) == JSON_OBJECT)
		return true;
	adapter_log(base->adapter, "%s printed no JSON: %.*s", base->adapter->agent->called,
		    (int)(line->n < SESSION_QUOTE_BYTES ? line->n : SESSION_QUOTE_BYTES), line->p);
	return false;
}

void session_base_tell(const struct adapter_session *base, const char *kind, struct span text,
		       const char *message_id)
{
	cleanup_buf struct buf plain = BUF_INIT(BUF_MAX_OWN);
	struct span words = json_string_plain(text);
	if (!words.p && json_string_add(&plain, text) == 0)
		words = buf_span(&plain);
	if (words.n)
		adapter_update_text(base->adapter, base->id, kind, words, message_id);
}

void session_base_tell_image(const struct adapter_session *base, const char *kind, struct span data,
			     struct span mime_type)
{
	if (json_type(data) != JSON_STRING || json_type(mime_type) != JSON_STRING)
		return;
	struct buf *b = adapter_update_open(base->adapter, base->id, kind);
	json_key(b, "content");
	json_open(b, '{');
	json_kv_string(b, "type", "image");
	json_kv_raw(b, "data", data);
	json_kv_raw(b, "mimeType", mime_type);
	json_close(b, '}');
	adapter_update_close(base->adapter);
}

void session_base_tell_usage(const struct adapter_session *base, int64_t used, int64_t size,
			     struct span cost)
{
	if (used <= 0 || size <= 0)
		return;
	struct buf *b = adapter_update_open(base->adapter, base->id, "usage_update");
	json_kv_int(b, "used", used);
	json_kv_int(b, "size", size);
	if (json_type(cost) == JSON_NUMBER) {
		json_key(b, "cost");
		json_open(b, '{');
		json_kv_raw(b, "amount", cost);
		json_kv_string(b, "currency", "USD");
		json_close(b, '}');
	}
	adapter_update_close(base->adapter);
}

/* --- its end ------------------------------------------------------------------------- */

void session_base_close(struct adapter_session *base, const char *close_request)
{
	if (close_request && !base->close_request)
		base->close_request = xstrdup(close_request);
	if (base->open_request)
		session_base_refuse(base, RPC_INTERNAL_ERROR, "the session is closed");
	session_base_cancel(base);
}

void session_base_end(struct adapter_session *base, const char *close_request)
{
	const struct adapter_agent *agent = base->adapter->agent;
	bool was_alive = child_is_alive(&base->child);
	if (agent->close) {
		agent->close(of(base), close_request);
		return;
	}
	session_base_close(base, close_request);
	base->state = SESSION_CLOSING;
	if (was_alive)
		child_stop(&base->child, agent->grace_ms);
	else
		agent->ended(of(base));
}

void session_base_closed(struct adapter_session *base)
{
	adapter_result(base->adapter, span_of(base->close_request), SPAN_LIT("{}"));
	base->is_gone = true;
}

int64_t session_base_tick(struct adapter_session *base)
{
	int64_t deadline = child_tick(&base->child);
	if (child_is_alive(&base->child))
		wire_flush(&base->child.wire);
	if (deadline_poll_ms(base->cancel_deadline) == 0) {
		base->cancel_deadline = DEADLINE_NEVER;
		adapter_log(base->adapter, "%s did not stop when asked to: killed",
			    base->adapter->agent->title);
		child_stop(&base->child, 0);
	}
	return base->cancel_deadline < deadline ? base->cancel_deadline : deadline;
}
