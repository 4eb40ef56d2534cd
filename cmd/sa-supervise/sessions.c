#include "sessions.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "policy/policy.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

enum { SESSION_ID_LENGTH = 16 };

struct session_track *sessions_find_agent_id(struct supervisor *sv, struct span agent_session_id)
{
	for (struct session_track *t = sv->sessions; t; t = t->next)
		if (t->record.agent_session_id &&
		    json_string_is(agent_session_id, t->record.agent_session_id))
			return t;
	return NULL;
}

struct span sessions_id(const struct session_track *session)
{
	return session ? span_of(session->record.id) : SPAN_NONE;
}

struct session_track *sessions_find(struct supervisor *sv, const char *id)
{
	for (struct session_track *t = sv->sessions; t; t = t->next)
		if (strcmp(t->record.id, id) == 0)
			return t;
	return NULL;
}

struct session_track *sessions_of_params(struct supervisor *sv, struct span params)
{
	struct span id = json_get(params, "sessionId");
	return json_type(id) == JSON_STRING ? sessions_find_agent_id(sv, id) : NULL;
}

static struct session_track *add(struct supervisor *sv)
{
	struct session_track *t = xcalloc(1, sizeof(*t));
	t->next = sv->sessions;
	sv->sessions = t;
	sv->session_count++;
	return t;
}

static bool is_id_free(struct supervisor *sv, const char *id)
{
	struct sa_error err;
	cleanup_session struct session found = {.id = NULL};
	return store_get_session(sv->store, id, &found, &err) < 0 &&
	       err.kind == PROBLEM_SESSION_NOT_FOUND && !sessions_find(sv, id);
}

struct session_track *sessions_open(struct supervisor *sv, struct span agent_session_id,
				    const char *name, const char *cwd)
{
	struct session_track *t = sessions_find_agent_id(sv, agent_session_id);
	/* A resume that got a new agent session keeps our session: name tells which. */
	if (!t && name)
		t = sessions_find(sv, name);
	if (!t && sv->session_count >= SESSIONS_MAX)
		return NULL;
	if (!t) {
		char *id =
		    name && is_id_free(sv, name) ? xstrdup(name) : ident_random(SESSION_ID_LENGTH);
		t = add(sv);
		t->record.id = id;
		t->record.server_key = sv->server.key;
		t->record.server_id = xstrdup(sv->server.id);
		t->record.agent = xstrdup(sv->server.agent);
		t->record.created_ms = clock_now_ms();
		t->record.first_index = sv->server.last_index + 1;
	}
	free(t->record.agent_session_id);
	t->record.agent_session_id = json_string_dup(agent_session_id);
	if (cwd) {
		free(t->record.cwd);
		t->record.cwd = xstrdup(cwd);
	}
	free(t->record.end_reason);
	t->record.end_reason = NULL;
	t->record.state = SESSION_IDLE;
	sessions_refresh(t);
	return t;
}

struct session_track *sessions_open_early(struct supervisor *sv, struct span agent_session_id)
{
	const struct call *maker = NULL;
	for (size_t i = 0; i < sv->call_count; i++) {
		if (strcmp(sv->calls[i].method, "session/new") != 0 &&
		    strcmp(sv->calls[i].method, "session/fork") != 0)
			continue;
		if (maker) /* two at once: whose it is shows only in the answer */
			return sessions_open(sv, agent_session_id, NULL, NULL);
		maker = &sv->calls[i];
	}
	return maker ? sessions_open(sv, agent_session_id, maker->session_name, maker->cwd) : NULL;
}

void sessions_refresh(struct session_track *t)
{
	enum session_state state = t->open_asks > 0 ? SESSION_WAITING
				   : t->running > 0 ? SESSION_RUNNING
						    : SESSION_IDLE;
	if (!session_state_is_over(t->record.state) && t->record.state != state)
		t->record.state = state;
	t->is_dirty = true;
}

void sessions_set_over(struct session_track *t, enum session_state state, const char *reason)
{
	if (session_state_is_over(t->record.state))
		return;
	t->record.state = state;
	free(t->record.end_reason);
	t->record.end_reason = xstrdup(reason);
	t->running = t->open_asks = 0;
	t->is_dirty = true;
}

static void set_text(struct session_track *t, char **field, struct span json_string)
{
	char *text = json_string_dup(json_string);
	if (!text || (*field && strcmp(*field, text) == 0)) {
		free(text);
		return;
	}
	free(*field);
	*field = text;
	t->is_dirty = true;
}

void sessions_learn_title(struct session_track *t, struct span title)
{
	set_text(t, &t->record.title, title);
}

void sessions_learn_mode(struct session_track *t, struct span mode_id)
{
	set_text(t, &t->record.mode, mode_id);
}

void sessions_learn_model(struct session_track *t, struct span model_id)
{
	set_text(t, &t->record.model, model_id);
}

/* JSON that is only kept until it is stored: no history in memory. */
static void set_json(struct session_track *t, char **field, struct span json)
{
	if (!json.p || json_type(json) == JSON_NULL || json.n > SETUP_BYTES_MAX)
		return;
	free(*field);
	*field = xmemdup0(json.p, json.n);
	t->is_dirty = true;
}

void sessions_learn_opening(struct session_track *t, const char *params)
{
	set_json(t, &t->record.open_json, span_of(params));
}

void sessions_mark_clean(struct session_track *t)
{
	char **kept[] = {&t->record.modes_json, &t->record.models_json, &t->record.options_json,
			 &t->record.open_json};
	t->is_dirty = false;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		free(*kept[i]);
		*kept[i] = NULL;
	}
}

/* Config options (ACP SessionConfigOption): the model is the one of category "model". */
static void learn_options(struct session_track *t, struct span options)
{
	struct json_iter it = json_iter(options);
	struct span option;
	set_json(t, &t->record.options_json, options);
	while (json_next(&it, NULL, &option)) {
		struct span category = json_get(option, "category");
		struct span value = json_get(option, "currentValue");
		if (json_string_is(category, "model"))
			sessions_learn_model(t, value);
		else if (json_string_is(category, "mode"))
			sessions_learn_mode(t, value);
	}
}

void sessions_learn_update(struct session_track *t, struct span update)
{
	struct span kind = json_get(update, "sessionUpdate");
	if (json_string_is(kind, "session_info_update"))
		sessions_learn_title(t, json_get(update, "title"));
	else if (json_string_is(kind, "current_mode_update"))
		sessions_learn_mode(t, json_get(update, "currentModeId"));
	else if (json_string_is(kind, "config_option_update"))
		learn_options(t, json_get(update, "configOptions"));
}

void sessions_learn_result(struct session_track *t, struct span result)
{
	sessions_learn_mode(t, json_path(result, "modes.currentModeId"));
	set_json(t, &t->record.modes_json, json_path(result, "modes.availableModes"));
	sessions_learn_model(t, json_path(result, "models.currentModelId"));
	set_json(t, &t->record.models_json, json_path(result, "models.availableModels"));
	learn_options(t, json_get(result, "configOptions"));
}

static int load_one(const struct session *session, void *arg)
{
	struct session_track *t = add(arg);
	t->record = (struct session){
	    .id = xstrdup(session->id),
	    .server_key = session->server_key,
	    .server_id = xstrdup(session->server_id),
	    .agent = xstrdup(session->agent),
	    .agent_session_id = xstrdup(session->agent_session_id),
	    .cwd = xstrdup(session->cwd),
	    .state = session->state,
	    .title = xstrdup(session->title),
	    .mode = xstrdup(session->mode),
	    .model = xstrdup(session->model),
	    .end_reason = xstrdup(session->end_reason),
	    .resumed_by = xstrdup(session->resumed_by),
	    .parent_id = xstrdup(session->parent_id),
	    .parent_index = session->parent_index,
	    .first_index = session->first_index,
	    .created_ms = session->created_ms,
	    .updated_ms = session->updated_ms,
	};
	return 0;
}

int sessions_load(struct supervisor *sv, struct sa_error *err)
{
	return store_each_session(sv->store, sv->server.key, load_one, sv, err);
}

void sessions_end_all(struct supervisor *sv, enum session_state state, const char *reason)
{
	for (struct session_track *t = sv->sessions; t; t = t->next)
		sessions_set_over(t, state, reason);
}

bool sessions_is_any_running(const struct supervisor *sv)
{
	for (const struct session_track *t = sv->sessions; t; t = t->next)
		if (t->running > 0 || t->open_asks > 0)
			return true;
	return false;
}

void sessions_free(struct supervisor *sv)
{
	while (sv->sessions) {
		struct session_track *t = sv->sessions;
		sv->sessions = t->next;
		session_clear(&t->record);
		free(t->primer);
		policy_free(t->policy);
		free(t->policy_problem);
		free(t);
	}
	sv->session_count = 0;
}
