#include "control.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "claude.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

struct control {
	struct control *next;
	char *id;
	enum control_kind kind;
	enum session_reply reply;
	char *value;   /* JSON string, or NULL */
	char *request; /* raw JSON id of the ACP request, or NULL */
};

static char *dup_span(struct span span)
{
	return span.p ? xmemdup0(span.p, span.n) : NULL;
}

static void write_flag(struct buf *b, const char *name, struct span value)
{
	json_kv_string(b, "subtype", "apply_flag_settings");
	json_key(b, "settings");
	json_open(b, '{');
	json_kv_raw(b, name, value);
	json_close(b, '}');
}

static void write_request(struct buf *b, const struct control *control)
{
	struct span value = span_of(control->value);
	json_open(b, '{');
	switch (control->kind) {
	case CONTROL_INITIALIZE:
		json_kv_string(b, "subtype", "initialize");
		json_key(b, "hooks");
		json_add_null(b);
		break;
	case CONTROL_MODE:
		json_kv_string(b, "subtype", "set_permission_mode");
		json_kv_raw(b, "mode", value);
		break;
	case CONTROL_MODEL:
		json_kv_string(b, "subtype", "set_model");
		json_kv_raw(b, "model", value);
		break;
	case CONTROL_EFFORT:
		write_flag(b, "effortLevel",
			   json_string_is(value, "default") ? SPAN_LIT("null") : value);
		break;
	case CONTROL_FAST:
	case CONTROL_ULTRACODE:
		write_flag(b, control->kind == CONTROL_FAST ? "fastMode" : "ultracode",
			   json_string_is(value, "on") ? SPAN_LIT("true") : SPAN_LIT("false"));
		break;
	case CONTROL_INTERRUPT:
	case CONTROL_KINDS:
		json_kv_string(b, "subtype", "interrupt");
		break;
	}
	json_close(b, '}');
}

void control_send(struct session *session, enum control_kind kind, struct span value,
		  struct span request, enum session_reply reply)
{
	struct control *control = xcalloc(1, sizeof(*control));
	*control = (struct control){
	    .next = session->controls,
	    .id = xasprintf("sa-%llu", (unsigned long long)++session->next_control),
	    .kind = kind,
	    .reply = reply,
	    .value = dup_span(value),
	    .request = dup_span(request),
	};
	session->controls = control;
	struct buf *b = session_line(session);
	json_open(b, '{');
	json_kv_string(b, "type", "control_request");
	json_kv_string(b, "request_id", control->id);
	json_key(b, "request");
	write_request(b, control);
	json_close(b, '}');
	buf_addc(b, '\n');
}

static void control_free(struct control *control)
{
	free(control->id);
	free(control->value);
	free(control->request);
	free(control);
}

void control_set(struct session *session, enum setting setting, struct span value,
		 struct span request, enum session_reply reply)
{
	control_send(session, (enum control_kind)(CONTROL_MODE + setting), value, request, reply);
}

void control_set_again(struct session *session)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *value = session->settings.values[i];
		cleanup_buf struct buf json = BUF_INIT(BUF_MAX_OWN);
		if (i != SETTING_MODE && settings_is_default((enum setting)i, value))
			continue;
		json_add_string(&json, span_of(value));
		control_set(session, (enum setting)i, buf_span(&json), SPAN_NONE, REPLY_NONE);
	}
}

/* --- answers -------------------------------------------------------------------- */

static void succeeded(struct session *session, const struct control *control, struct span response)
{
	struct span value = span_of(control->value);
	switch (control->kind) {
	case CONTROL_INITIALIZE:
		session_initialized(session, response);
		return;
	case CONTROL_MODE:
		settings_set(&session->settings, SETTING_MODE, value);
		break;
	case CONTROL_MODEL:
		settings_set(&session->settings, SETTING_MODEL, value);
		if (!settings_has_effort(&session->settings))
			settings_set(&session->settings, SETTING_EFFORT, SPAN_LIT("\"default\""));
		break;
	case CONTROL_EFFORT:
		settings_set(&session->settings, SETTING_EFFORT, value);
		break;
	case CONTROL_FAST:
		settings_set(&session->settings, SETTING_FAST, value);
		break;
	case CONTROL_ULTRACODE:
		settings_set(&session->settings, SETTING_ULTRACODE, value);
		break;
	case CONTROL_INTERRUPT:
	case CONTROL_KINDS:
		return;
	}
	session_base_changed(&session->base, span_of(control->request), control->reply);
}

static void failed(struct session *session, const struct control *control, const char *why)
{
	struct adapter *adapter = session->base.adapter;
	if (control->kind == CONTROL_INITIALIZE) {
		/* Too old for control requests: it can do without, there are no lists then. */
		adapter_log(adapter, "Claude refused initialize: %s", why);
		session_initialized(session, SPAN_NONE);
	} else if (control->request) {
		adapter_error(adapter, span_of(control->request), RPC_INTERNAL_ERROR,
			      "Claude refused: %s", why);
	} else if (control->kind < CONTROL_INTERRUPT) { /* of control_set_again() */
		adapter_log(adapter, "Claude does not take what was set: %s", why);
		settings_reset(&session->settings, (enum setting)(control->kind - CONTROL_MODE));
		session_base_tell_options(&session->base);
	}
}

void control_answered(struct session *session, struct span response)
{
	struct span id = json_get(response, "request_id");
	for (struct control **link = &session->controls; *link; link = &(*link)->next) {
		struct control *control = *link;
		if (!json_string_is(id, control->id))
			continue;
		*link = control->next;
		if (json_string_is(json_get(response, "subtype"), "success")) {
			succeeded(session, control, json_get(response, "response"));
		} else {
			cleanup_free char *why = json_string_dup(json_get(response, "error"));
			failed(session, control, why ? why : "no reason given");
		}
		control_free(control);
		return;
	}
}

void control_fail_all(struct session *session, const char *why)
{
	struct control *next, *control = session->controls;
	session->controls = NULL;
	for (; control; control = next) {
		next = control->next;
		if (control->request)
			adapter_error(session->base.adapter, span_of(control->request),
				      RPC_INTERNAL_ERROR, "%s", why);
		control_free(control);
	}
}
