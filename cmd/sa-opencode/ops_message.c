/* Messages: read, and sent. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "ops.h"
#include "prompt.h"
#include "thread_json.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>

static int load(struct job *job, struct thread *ret, struct sa_error *err)
{
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (ops_find_session(job, &session, &server, err) < 0)
		return -1;
	return ops_load_thread(job->hub, &session, ret, err);
}

void op_message_list(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct thread thread;
	int64_t limit = 0;
	if (filter_param_int(&job->request, "limit", 0, INT32_MAX, &limit, &err) < 0 ||
	    load(job, &thread, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	thread_add_messages(&b, &thread, limit);
	thread_free(&thread);
	job_reply(job, 200, buf_span(&b));
}

void op_message_show(struct job *job)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *id = filter_param(&job->request, "messageID");
	struct thread thread;
	if (load(job, &thread, &err) < 0) {
		job_fail(job, &err);
		return;
	}
	const struct message *m = thread_find(&thread, id ? id : "");
	if (m)
		message_add_json(&b, &thread, m);
	thread_free(&thread);
	if (b.len)
		job_reply(job, 200, buf_span(&b));
	else
		job_refuse(job, 404, "Message not found");
}

static void send_message(struct job *job, bool is_async)
{
	struct sa_error err = SA_ERROR_INIT;
	struct prompt_plan *plan = prompt_plan_new(job, &err);
	if (!plan) {
		job_fail(job, &err);
		return;
	}
	plan->is_async = is_async;
	prompt_begin(job, plan);
}

void op_message_send(struct job *job)
{
	send_message(job, false);
}

void op_message_async(struct job *job)
{
	send_message(job, true);
}

/* A slash command of the agent: its text, as a user would type it. */
void op_message_command(struct job *job)
{
	struct span body = job->request.body;
	cleanup_free char *name = json_string_dup(json_get(body, "command"));
	cleanup_free char *arguments = json_string_dup(json_get(body, "arguments"));
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (!name) {
		job_refuse(job, 400, "command is required");
		return;
	}
	cleanup_free char *text = xasprintf("/%s%s%s", name, arguments && *arguments ? " " : "",
					    arguments ? arguments : "");
	json_open(&b, '{');
	json_kv_raw(&b, "messageID", json_get(body, "messageID"));
	json_kv_raw(&b, "agent", json_get(body, "agent"));
	json_kv_raw(&b, "model", json_get(body, "model"));
	json_key(&b, "parts");
	buf_adds(&b, "[{\"type\":\"text\"");
	json_kv_string(&b, "text", text);
	buf_adds(&b, "}]}");
	job->request.body = buf_span(&b);
	send_message(job, false);
	job->request.body = SPAN_NONE;
}
