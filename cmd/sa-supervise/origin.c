#include "origin.h"

#include "base/xalloc.h"
#include "batch.h"
#include "sessions.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

int origin_read(struct span primer, struct span about, struct span parent_id,
		struct span parent_index, struct origin *ret, struct sa_error *err)
{
	if (primer.n > PRIMER_BYTES_MAX || about.n > PRIMER_BYTES_MAX)
		return error_set(err, PROBLEM_TOO_LARGE, "a primer of %zu bytes is over %d",
				 primer.n, PRIMER_BYTES_MAX);
	if ((primer.p && json_type(primer) != JSON_STRING) ||
	    (about.p && json_type(about) != JSON_OBJECT) ||
	    (parent_id.p && json_type(parent_id) != JSON_STRING))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "primer and parentId are strings, about is an object");
	*ret = (struct origin){
	    .primer = json_string_dup(primer),
	    .about = about.p ? xmemdup0(about.p, about.n) : NULL,
	    .parent_id = json_string_dup(parent_id),
	    .parent_index = json_int_or(parent_index, 0),
	};
	return 0;
}

void origin_copy(const struct origin *origin, struct origin *ret)
{
	*ret = (struct origin){
	    .primer = xstrdup(origin->primer),
	    .about = xstrdup(origin->about),
	    .parent_id = xstrdup(origin->parent_id),
	    .parent_index = origin->parent_index,
	};
}

void origin_clear(struct origin *origin)
{
	free(origin->primer);
	free(origin->about);
	free(origin->parent_id);
	*origin = (struct origin){.primer = NULL};
}

struct origin_past origin_look(struct supervisor *sv, const struct call *call)
{
	struct session_track *t = call->session;
	struct origin_past past = {.was_over = false};
	if (strcmp(call->method, "session/fork") == 0)
		past.parent = t;
	else if (strcmp(call->method, "session/new") == 0)
		t = call->session_name ? sessions_find(sv, call->session_name) : NULL;
	past.was_over = t && session_state_is_over(t->record.state);
	return past;
}

static void tell(struct supervisor *sv, const struct call *call, const char *method,
		 const char *via)
{
	const struct session *record = &call->session->record;
	struct json_iter it = json_iter(span_of(call->origin.about));
	struct span key, value;
	cleanup_buf struct buf params = BUF_INIT(BUF_MAX_OWN);
	json_open(&params, '{');
	json_kv_string(&params, "sessionId", record->agent_session_id);
	json_kv_string(&params, "via", via);
	if (strcmp(method, "_adapter/session_forked") == 0) {
		json_kv_string(&params, "parentId", record->parent_id);
		json_kv_int(&params, "parentIndex", record->parent_index);
	}
	while (call->origin.about && json_next(&it, &key, &value)) {
		buf_addc(&params, ',');
		buf_add_span(&params, key);
		buf_addc(&params, ':');
		buf_add_span(&params, value);
	}
	json_close(&params, '}');
	batch_add_notice(sv, call->session, method, buf_span(&params));
}

static void set_parent(struct session_track *t, const char *id, int64_t index)
{
	free(t->record.parent_id);
	t->record.parent_id = xstrdup(id);
	t->record.parent_index = index;
}

void origin_settle(struct supervisor *sv, struct call *call, const struct origin_past *past)
{
	struct session_track *t = call->session;
	const struct origin *origin = &call->origin;
	const char *via = strcmp(call->method, "session/resume") == 0 ? "resume"
			  : strcmp(call->method, "session/load") == 0 ? "load"
			  : strcmp(call->method, "session/new") == 0  ? "transcript"
								      : NULL;
	if (!t)
		return;
	if (origin->primer) {
		free(t->primer);
		t->primer = xstrdup(origin->primer);
	}
	if (past->parent && past->parent != t) {
		set_parent(t, past->parent->record.id,
			   origin->parent_index ? origin->parent_index : t->record.first_index - 1);
		tell(sv, call, "_adapter/session_forked", "fork");
	} else if (origin->parent_id) {
		set_parent(t, origin->parent_id, origin->parent_index);
		tell(sv, call, "_adapter/session_forked", "transcript");
	} else if (past->was_over && via) {
		free(t->record.resumed_by);
		t->record.resumed_by = xstrdup(via);
		tell(sv, call, "_adapter/session_resumed", via);
	} else {
		return;
	}
	t->is_dirty = true;
}

int origin_add_primed(struct buf *b, const struct envelope *e, struct span primer)
{
	struct span blocks = json_get(e->params, "prompt");
	struct json_iter it = json_iter(blocks);
	struct span first;
	if (json_type(blocks) != JSON_ARRAY)
		return -1;
	bool has_own = json_next(&it, NULL, &first);
	const char *inside = blocks.p + 1;
	buf_add(b, e->text.p, (size_t)(inside - e->text.p));
	buf_adds(b, "{\"type\":\"text\"");
	json_kv_span(b, "text", primer);
	buf_adds(b, has_own ? "}," : "}");
	buf_add(b, inside, (size_t)(e->text.p + e->text.n - inside));
	return 0;
}

void origin_forget_primer(struct session_track *session)
{
	free(session->primer);
	session->primer = NULL;
}
