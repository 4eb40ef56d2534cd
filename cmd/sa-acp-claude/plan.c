#include "plan.h"

#include "base/xalloc.h"
#include "claude.h"
#include "session.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

static void task_free(struct plan_task *task)
{
	free(task->id);
	free(task->subject);
	free(task->status);
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		task_free(&plan->tasks[i]);
	plan->count = 0;
}

static void write_entry(struct buf *b, struct span content, struct span status)
{
	json_open(b, '{');
	json_kv_raw(b, "content", content);
	json_kv_string(b, "priority", "medium");
	json_kv_raw(b, "status", status);
	json_close(b, '}');
}

static struct buf *entries_open(struct session *session)
{
	struct buf *b = adapter_update_open(session->base.adapter, session->base.id, "plan");
	json_key(b, "entries");
	json_open(b, '[');
	return b;
}

static void entries_close(struct session *session)
{
	json_close(adapter_out(session->base.adapter), ']');
	adapter_update_close(session->base.adapter);
}

void plan_input(struct session *session, const char *tool, struct span input)
{
	struct span todos = json_get(input, "todos");
	if (strcmp(tool, "TodoWrite") != 0 || json_type(todos) != JSON_ARRAY)
		return;
	struct buf *b = entries_open(session);
	struct json_iter it = json_iter(todos);
	struct span todo;
	while (json_next(&it, NULL, &todo))
		if (json_type(json_get(todo, "content")) == JSON_STRING)
			write_entry(b, json_get(todo, "content"), json_get(todo, "status"));
	entries_close(session);
}

static void tell_tasks(struct session *session)
{
	struct buf *b = entries_open(session);
	for (size_t i = 0; i < session->plan.count; i++) {
		const struct plan_task *task = &session->plan.tasks[i];
		json_open(b, '{');
		json_kv_string(b, "content", task->subject);
		json_kv_string(b, "priority", "medium");
		json_kv_string(b, "status", task->status);
		json_close(b, '}');
	}
	entries_close(session);
}

static void replace(char **text, struct span value)
{
	char *changed = json_string_dup(value);
	if (!changed)
		return;
	free(*text);
	*text = changed;
}

static void task_created(struct session *session, struct span input, struct span structured)
{
	struct plan *plan = &session->plan;
	char *id = json_string_dup(json_path(structured, "task.id"));
	char *subject = json_string_dup(json_get(input, "subject"));
	if (!id || !subject || plan->count == PLAN_TASKS_MAX) {
		free(id);
		free(subject);
		return;
	}
	plan->tasks[plan->count++] = (struct plan_task){id, subject, xstrdup("pending")};
	tell_tasks(session);
}

static void task_updated(struct session *session, struct span input)
{
	struct plan *plan = &session->plan;
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_task *task = &plan->tasks[i];
		if (!json_string_is(json_get(input, "taskId"), task->id))
			continue;
		if (json_string_is(json_get(input, "status"), "deleted")) {
			task_free(task);
			plan->count--;
			memmove(task, task + 1, (plan->count - i) * sizeof(*task));
		} else {
			replace(&task->status, json_get(input, "status"));
			replace(&task->subject, json_get(input, "subject"));
		}
		tell_tasks(session);
		return;
	}
}

void plan_result(struct session *session, const char *tool, struct span input,
		 struct span structured)
{
	if (strcmp(tool, "TaskCreate") == 0)
		task_created(session, input, structured);
	else if (strcmp(tool, "TaskUpdate") == 0)
		task_updated(session, input);
}
