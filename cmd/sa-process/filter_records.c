/* What the filter answers at once. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "filter.h"
#include "os/io.h"
#include "process/link.h"
#include "query.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOG_FLUSH_BYTES = 64 * 1024 };

static char *find(struct filter *f, const struct filter_request *request, struct process *ret,
		  struct sa_error *err)
{
	cleanup_free char *id = filter_param_wanted(request, "id", err);
	if (!id || folder_read(&f->folder, id, ret, err) < 0)
		return NULL;
	return TAKE_PTR(id);
}

int record_list(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_free char *name = filter_param(request, "owner");
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	enum process_owner owner = OWNER_COUNT;
	struct folder_ids ids;
	if (name && process_owner_parse(span_of(name), &owner) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "an owner is user, agent, desktop or system, not '%.100s'", name);
	if (folder_list(&f->folder, false, &ids, err) < 0)
		return -1;
	buf_adds(&b, "{\"processes\":");
	json_open(&b, '[');
	for (size_t i = 0; i < ids.count; i++) {
		cleanup_process struct process process = {.id = NULL};
		struct sa_error ignored = SA_ERROR_INIT;
		/* One that is being started or removed just now is not there. */
		if (folder_read(&f->folder, ids.items[i], &process, &ignored) < 0 ||
		    (owner != OWNER_COUNT && process.owner != owner))
			continue;
		cleanup_buf struct buf one = BUF_INIT(BUF_MAX_OWN);
		process_add_json(&one, &process);
		json_add_raw(&b, buf_span(&one));
	}
	buf_adds(&b, "]}");
	folder_ids_free(&ids);
	filter_result(f, request->ref, buf_span(&b));
	return 0;
}

int record_show(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	cleanup_free char *id = find(f, request, &process, err);
	if (!id)
		return -1;
	filter_record(f, request->ref, &process);
	return 0;
}

int record_delete(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	struct filter_reply reply = FILTER_REPLY_INIT;
	cleanup_free char *id = filter_param_wanted(request, "id", err);
	if (!id || folder_remove(&f->folder, id, err) < 0)
		return -1;
	filter_answer(&f->channel, request->ref, &reply);
	return 0;
}

/* --- logs ---------------------------------------------------------------------------------- */

static int parse_query(const struct filter_request *request, const struct process *process,
		       struct log_query *ret, const char **ret_label, struct sa_error *err)
{
	cleanup_free char *stream = filter_param(request, "stream");
	cleanup_free char *last = json_string_dup(json_get(request->headers, "last-event-id"));
	int64_t since = 0, tail = -1;
	uint64_t seen = 0;
	if (last && *last && num_parse_u64(span_of(last), INT64_MAX, &seen) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "Last-Event-ID is a whole number, not '%.100s'", last);
	/* Whether it is followed is the route's matter, but what it is not is an error here. */
	bool is_followed = false;
	if (filter_param_bool(request, "follow", &is_followed, err) < 0 ||
	    filter_param_int(request, "since", 0, INT64_MAX, &since, err) < 0 ||
	    filter_param_int(request, "tail", 0, INT64_MAX, &tail, err) < 0 ||
	    query_stream(stream, process->is_tty, &ret->stream, ret_label, err) < 0)
		return -1;
	ret->since = (uint64_t)since > seen ? (uint64_t)since : seen;
	ret->tail = tail;
	return 0;
}

/* What is in b goes to the file once it is much; the file is made then. 0, or -1. */
static int spill(struct buf *b, int *file, int64_t *written, struct sa_error *err)
{
	if (*file < 0)
		*file = memfd_create("logs", MFD_CLOEXEC);
	if (*file < 0 || io_write_all(*file, buf_span(b)) < 0)
		return error_set(err, PROBLEM_STORE_ERROR, "no memory for the log");
	*written += (int64_t)b->len;
	buf_clear(b);
	return 0;
}

/* {"processId","stream","entries":[...]}; a long one ends up in a file. */
static int write_logs(struct filter *f, struct query_run *run, const struct process *process,
		      const char *label, struct buf *b, int *file, int64_t *written,
		      struct sa_error *err)
{
	struct log_entry entry;
	int rc;
	bool is_first = true;
	json_open(b, '{');
	json_kv_string(b, "processId", process->id);
	json_kv_string(b, "stream", label);
	json_key(b, "entries");
	json_open(b, '[');
	while ((rc = query_next_old(run, &entry, err)) == 1) {
		/* json_open() and a comma would look at bytes that have left. */
		cleanup_buf struct buf one = BUF_INIT(BUF_MAX_OWN);
		query_add_entry(&one, &entry);
		if (!is_first)
			buf_addc(b, ',');
		is_first = false;
		buf_add_span(b, buf_span(&one));
		bool is_long = b->len > (*file < 0 ? INLINE_LOG_BYTES : LOG_FLUSH_BYTES);
		if (is_long && channel_passes_fds(&f->channel) && spill(b, file, written, err) < 0)
			return -1;
	}
	buf_adds(b, "]}");
	if (rc == 0 && *file >= 0)
		rc = spill(b, file, written, err);
	return rc;
}

int record_logs(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_close int file = -1;
	struct filter_reply reply = FILTER_REPLY_INIT;
	struct query_run run;
	struct log_query query;
	const char *label;
	cleanup_free char *id = find(f, request, &process, err);
	if (!id || parse_query(request, &process, &query, &label, err) < 0)
		return -1;
	cleanup_close int dir = folder_open_process(&f->folder, id, err);
	if (dir < 0)
		return -1;
	int64_t written = 0;
	int rc = query_open(&run, dir, process.log_limit_bytes, &query, err);
	if (rc == 0)
		rc = write_logs(f, &run, &process, label, &b, &file, &written, err);
	query_close(&run);
	if (rc < 0)
		return -1;
	if (file >= 0) {
		reply.headers = SPAN_LIT("{\"content-type\":\"application/json\"}");
		reply.offset = 0;
		reply.length = written;
		reply.fd = TAKE_FD(file);
	} else {
		reply.result = buf_span(&b);
	}
	filter_answer(&f->channel, request->ref, &reply);
	return 0;
}

/* Asked before the front starts "logs --follow": would it work? */
int record_follow(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	struct log_query query;
	const char *label;
	cleanup_free char *id = find(f, request, &process, err);
	if (!id || parse_query(request, &process, &query, &label, err) < 0)
		return -1;
	filter_result(f, request->ref, SPAN_LIT("{}"));
	return 0;
}

/* Asked before the front starts "attach --websocket". */
int record_attach(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_process struct process process = {.id = NULL};
	cleanup_free char *id = find(f, request, &process, err);
	if (!id)
		return -1;
	if (!process.is_tty)
		return error_set(err, PROBLEM_CONFLICT, "process '%s' has no terminal", id);
	cleanup_free char *scrollback = filter_param(request, "scrollback");
	uint64_t bytes;
	if (scrollback && num_parse_size(span_of(scrollback), &bytes) < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "scrollback is a size such as 4096, 64K, 64M, not '%.100s'",
				 scrollback);
	filter_result(f, request->ref, SPAN_LIT("{}"));
	return 0;
}

/* --- configuration --------------------------------------------------------------------------- */

int config_get(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	struct process_config config;
	(void)err;
	process_config_load(f->folder.fd, &config);
	process_config_add_json(&b, &config);
	filter_result(f, request->ref, buf_span(&b));
	return 0;
}

int config_set(struct filter *f, const struct filter_request *request, struct sa_error *err)
{
	struct process_config config;
	cleanup_close int lock = process_config_lock(f->folder.fd, err);
	if (lock < 0)
		return -1;
	process_config_load(f->folder.fd, &config);
	if (process_config_parse(span_trim(request->body), &config, err) < 0 ||
	    process_config_save(f->folder.fd, &config, err) < 0)
		return -1;
	return config_get(f, request, err);
}

/* --- the end ------------------------------------------------------------------------------- */

/* Was it started for this server, or for one that is no more? */
static bool is_ours(const struct process *process)
{
	return !process->is_exited && process->starter.pid &&
	       (process->starter.pid == getpid() || !procid_is_alive(process->starter));
}

static void tell_all(const int *fds, size_t count, struct span op)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			process_link_send(fds[i], op);
}

/* Until all connections have ended. Whether they have. */
static bool wait_all(int *fds, size_t count, int64_t deadline)
{
	bool has_all = true;
	for (size_t i = 0; i < count; i++) {
		if (fds[i] < 0)
			continue;
		if (process_link_wait_end(fds[i], deadline) == 1) {
			close(fds[i]);
			fds[i] = -1;
		} else {
			has_all = false;
		}
	}
	return has_all;
}

void filter_shutdown(struct filter *f)
{
	struct folder_ids ids;
	struct sa_error ignored = SA_ERROR_INIT;
	if (folder_list(&f->folder, true, &ids, &ignored) < 0)
		return;
	cleanup_free int *fds = xcalloc(ids.count + 1, sizeof(*fds));
	for (size_t i = 0; i < ids.count; i++) {
		cleanup_process struct process process = {.id = NULL};
		fds[i] = -1;
		if (folder_read(&f->folder, ids.items[i], &process, &ignored) == 0 &&
		    is_ours(&process))
			fds[i] = process_link_open(&f->folder, ids.items[i], &ignored);
	}
	tell_all(fds, ids.count, SPAN_LIT("{\"op\":\"stop\"}\n"));
	if (!wait_all(fds, ids.count, deadline_after(SHUTDOWN_STOP_MS))) {
		tell_all(fds, ids.count, SPAN_LIT("{\"op\":\"kill\"}\n"));
		wait_all(fds, ids.count, deadline_after(SHUTDOWN_KILL_MS));
	}
	for (size_t i = 0; i < ids.count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	folder_ids_free(&ids);
}
