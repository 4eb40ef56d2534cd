#include "store/copy.h"
#include "base/cleanup.h"
#include "store/alive.h"
#include "verbs.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct job {
	struct store *from;
	struct store *to;
	bool is_text;
	int64_t events, servers, left;
	struct sa_error *err;
};

static void add_events(void *arg, int64_t events)
{
	((struct job *)arg)->events += events;
}

static int copy_server(const struct server *server, void *arg)
{
	struct job *job = arg;
	/* What is written while we copy would be missing there, without a word. */
	if (server_is_alive(server)) {
		fprintf(stderr, "sa-store: '%s' is running and stays; close it to copy it\n",
			server->id);
		job->left++;
		return 0;
	}
	const struct store_copy copy = {
	    .from = job->from, .to = job->to, .server = server, .progress = add_events, .arg = job};
	if (store_copy_server(&copy, job->err) < 0)
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
	json_kv_int(&b, "running", job->left);
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
		return error_set(err, PROBLEM_CONFLICT, "%" PRId64 " running ones were left out",
				 job.left);
	return SA_EXIT_OK;
}
