#include "ops.h"

#include "agent/launch.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "http/uri.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	op_fn *fn;
	session_op_fn *session_fn; /* instead of fn */
} ops[] = {
    {"config.set", .fn = op_config_set},
    {"path", .fn = op_path},
    {"vcs", .fn = op_vcs},
    {"project", .fn = op_project},
    {"project.list", .fn = op_project_list},
    {"provider.list", .fn = op_provider_list},
    {"config.providers", .fn = op_config_providers},
    {"provider.authorize", .fn = op_oauth_authorize},
    {"session.list", .fn = op_session_list},
    {"session.create", .fn = op_session_create},
    {"session.show", .session_fn = op_session_show},
    {"session.update", .session_fn = op_session_update},
    {"session.delete", .session_fn = op_session_delete},
    {"session.status", .fn = op_session_status},
    {"session.children", .fn = op_session_children},
    {"session.fork", .session_fn = op_session_fork},
    {"session.todo", .fn = op_session_todo},
    {"session.init", .session_fn = op_session_init},
    {"session.abort", .session_fn = op_session_abort},
    {"session.summarize", .session_fn = op_session_summarize},
    {"message.list", .fn = op_message_list},
    {"message.show", .fn = op_message_show},
    {"message.send", .fn = op_message_send},
    {"message.async", .fn = op_message_async},
    {"message.command", .fn = op_message_command},
    {"permission.list", .fn = op_permission_list},
    {"permission.reply", .fn = op_permission_reply},
    {"permission.respond", .fn = op_permission_respond},
    {"question.list", .fn = op_question_list},
    {"question.reply", .fn = op_question_reply},
    {"question.reject", .fn = op_question_reject},
    {"events", .fn = op_events},
};

static void run_with_session(struct job *job, session_op_fn *fn)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (ops_find_session(job, &session, &server, &err) < 0)
		job_fail(job, &err);
	else
		fn(job, &session);
}

void ops_run(struct job *job)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!span_is(job->request.op, ops[i].name))
			continue;
		if (ops[i].session_fn)
			run_with_session(job, ops[i].session_fn);
		else
			ops[i].fn(job);
		return;
	}
	struct sa_error err = SA_ERROR_INIT;
	error_set(&err, PROBLEM_INVALID_REQUEST, "unknown op '%.*s'", SPAN_ARG(job->request.op));
	job_fail(job, &err);
}

/* A path as it is, with its links followed where it exists. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);
	return real ? real : xstrdup(path);
}

char *ops_directory(const struct job *job)
{
	cleanup_free char *asked = filter_param(&job->request, "directory");
	cleanup_free char *header =
	    json_string_dup(json_get(job->request.headers, "x-opencode-directory"));
	cleanup_buf struct buf decoded = BUF_INIT(PATH_MAX);
	if (asked && *asked)
		return resolve(asked);
	if (header && *header && http_percent_decode(&decoded, span_of(header)) == 0 &&
	    decoded.len) {
		cleanup_free char *path = buf_take(&decoded);
		return resolve(path);
	}
	return resolve(".");
}

int ops_find_session(struct job *job, struct session *ret, struct server *ret_server,
		     struct sa_error *err)
{
	struct store *store = job->hub->store;
	cleanup_free char *id = filter_param_wanted(&job->request, "id", err);
	if (!id || store_get_session(store, id, ret, err) < 0)
		return -1;
	if (store_get_server(store, ret->server_key, ret_server, err) < 0)
		return -1;
	bool was_running = ret_server->state == SERVER_RUNNING;
	if (launch_reap(store, ret_server, err) < 0)
		return -1;
	if (!was_running || ret_server->state == SERVER_RUNNING)
		return 0;
	session_clear(ret);
	return store_get_session(store, id, ret, err);
}

static int add_event(const struct event *event, void *arg)
{
	thread_add(arg, event);
	return 0;
}

int ops_load_thread(struct hub *hub, const struct session *session, struct thread *ret,
		    struct sa_error *err)
{
	cleanup_server struct server server = {.key = 0};
	if (store_get_server(hub->store, session->server_key, &server, err) < 0)
		return -1;
	thread_init(ret, session, server.uid);
	if (store_each_event(hub->store, &server, session->id, 0, 0, add_event, ret, err) < 0) {
		thread_free(ret);
		return -1;
	}
	/* An agent that is gone leaves its turn open in the records. */
	if (session_state_is_over(session->state) && ret->is_busy)
		thread_interrupt(ret, session->end_reason ? session->end_reason : "interrupted",
				 session->updated_ms);
	return 0;
}

void op_events(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	int64_t after;
	struct span id = json_get(job->request.headers, "last-event-id");
	struct span text = json_string_plain(id);
	if (id.p && (!text.p || num_parse_i64(text, 0, INT64_MAX, &after) < 0)) {
		error_set(&err, PROBLEM_INVALID_REQUEST, "Last-Event-ID wants a whole number");
		job_fail(job, &err);
		return;
	}
	job_reply(job, 200, SPAN_NONE);
}
