#include "session_json.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "ids.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

static struct span meta_of(const struct session *session)
{
	return json_path(span_of(session->open_json), "_meta.opencode");
}

struct span session_parent(const struct session *session)
{
	return json_get(meta_of(session), "parentID");
}

char *session_model(const struct session *session)
{
	char *chosen = json_string_dup(json_get(meta_of(session), "modelID"));
	if (chosen)
		return chosen;
	if (session->model)
		return xstrdup(session->model);
	return xstrdup(session->agent && strcmp(session->agent, "mock") == 0 ? "mock" : "default");
}

const char *session_status(const struct session *session)
{
	bool is_busy = session->state == SESSION_RUNNING || session->state == SESSION_WAITING;
	return is_busy ? "busy" : "idle";
}

char *session_meta(const char *parent_id, const char *model_id)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&b, "{\"opencode\":{");
	json_kv_string(&b, "parentID", parent_id);
	json_kv_string(&b, "modelID", model_id);
	buf_adds(&b, "}}");
	return buf_take(&b);
}

void session_add_info(struct buf *b, const struct session *session)
{
	const char *directory = session->cwd ? session->cwd : "/";
	cleanup_free char *project = id_of_project(directory);
	cleanup_free char *model = session_model(session);
	cleanup_free char *slug = xasprintf("session-%s", session->id);
	cleanup_free char *title = xasprintf("Session %s", session->id);
	json_open(b, '{');
	json_kv_string(b, "id", session->id);
	json_kv_string(b, "slug", slug);
	json_kv_string(b, "projectID", project);
	json_kv_string(b, "directory", directory);
	json_kv_raw(b, "parentID", session_parent(session));
	json_kv_string(b, "title", session->title ? session->title : title);
	json_kv_string(b, "version", "0");
	json_kv_string(b, "agent", session->agent);
	json_kv_string(b, "providerID", session->agent);
	json_kv_string(b, "model", model);
	json_key(b, "time");
	json_open(b, '{');
	json_kv_int(b, "created", session->created_ms);
	json_kv_int(b, "updated", session->updated_ms);
	json_close(b, '}');
	json_close(b, '}');
}
