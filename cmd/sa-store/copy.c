#include "store/copy.h"
#include "base/cleanup.h"
#include "store/alive.h"
#include "story.h"
#include "verbs.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct job {
	struct store *from;
	struct store *to;
	bool is_text;
	int64_t events, servers, running, left;
	struct sa_error *err;
};

static void add_events(void *arg, int64_t events)
{
	((struct job *)arg)->events += events;
}

static int note_time(const struct event *event, void *arg)
{
	*(int64_t *)arg = event->at_ms;
	return 1;
}

struct session_check {
	const struct job *job;
	const char *uid;
};

static int check_session(const struct session *session, void *arg)
{
	const struct session_check *check = arg;
	bool ignored;
	return story_has_session(check->job->to, session->id, check->uid, &ignored,
				 check->job->err);
}

/*
 * What is written while we copy would be missing there, or be written over. 0: copy it; 1: it has
 * gone on there, and all that we have is in it; -1 with the job's error, PROBLEM_CONFLICT when it
 * cannot be copied.
 */
static int compare(const struct job *job, const struct server *server)
{
	cleanup_server struct server there = {.key = 0};
	struct session_check check = {job, server->uid};
	int64_t common, at_ms = 0;
	if (server_is_alive(server))
		return error_set(job->err, PROBLEM_CONFLICT, "it is running; close it to copy it");
	if (story_find(job->to, server->uid, &there, job->err) < 0)
		return -1;
	if (there.key && server_is_alive(&there))
		return error_set(job->err, PROBLEM_CONFLICT, "it is running there");
	common = there.last_index < server->last_index ? there.last_index : server->last_index;
	if (common > 0 && store_each_event(job->from, server, NULL, common - 1, 1, note_time,
					   &at_ms, job->err) < 0)
		return -1;
	if (at_ms && story_check_event(job->to, &there, common, at_ms, job->err) < 0)
		return -1;
	if (there.last_index > server->last_index)
		return 1;
	return store_each_session(job->from, server->key, check_session, &check, job->err);
}

static int copy_server(const struct server *server, void *arg)
{
	struct job *job = arg;
	int rc = compare(job, server);
	if (rc > 0)
		return 0;
	if (rc < 0 && job->err->kind == PROBLEM_CONFLICT) {
		fprintf(stderr, "sa-store: '%s' stays: %s\n", server->id, job->err->message);
		job->running += server_is_alive(server);
		job->left++;
		return 0;
	}
	const struct store_copy copy = {
	    .from = job->from, .to = job->to, .server = server, .progress = add_events, .arg = job};
	if (rc < 0 || store_copy_server(&copy, job->err) < 0)
		return error_prefix(job->err, "copy '%s'", server->id);
	job->servers++;
	return 0;
}

static void print_result(const struct job *job)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (job->is_text) {
		printf("%" PRId64 " agent connections with %" PRId64 " events\n", job->servers,
		       job->events);
		return;
	}
	json_open(&b, '{');
	json_kv_int(&b, "servers", job->servers);
	json_kv_int(&b, "events", job->events);
	json_kv_int(&b, "running", job->running);
	json_kv_int(&b, "left", job->left);
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
}

int copy_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	if (argc != 2 || strcmp(argv[0], argv[1]) == 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "copy wants two stores, such as sqlite:/PATH and postgres://...");
	cleanup_store struct store *from = store_open_url(argv[0], err);
	cleanup_store struct store *to = from ? store_open_url(argv[1], err) : NULL;
	if (!to)
		return -1;
	struct job job = {
	    .from = from, .to = to, .is_text = command_wants_text(&o->common), .err = err};
	if (store_each_server(from, true, copy_server, &job, err) != 0)
		return -1;
	print_result(&job);
	if (job.left)
		return error_set(err, PROBLEM_CONFLICT, "%" PRId64 " agent connections were left out",
				 job.left);
	return SA_EXIT_OK;
}
