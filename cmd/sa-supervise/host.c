#include "host.h"

#include "agent_io.h"
#include "base/cleanup.h"
#include "batch.h"
#include "sessions.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

void host_learn(struct supervisor *sv, bool is_hosting)
{
	sv->is_hosting = is_hosting;
}

bool host_takes(const struct supervisor *sv, const struct envelope *request)
{
	struct span method = json_string_plain(request->method);
	return sv->is_hosting &&
	       (span_is(method, "fs/read_text_file") || span_is(method, "fs/write_text_file") ||
		span_starts_with(method, "terminal/"));
}

/* --- answers ------------------------------------------------------------------------------ */

static void send(struct supervisor *sv, const struct session_track *session, const char *method,
		 struct buf *line)
{
	if (sv->life == LIFE_RUNNING)
		agent_io_send(sv, buf_span(line));
	batch_add_event(sv, SENDER_SYSTEM, sessions_id(session), buf_span(line), SPAN_NONE,
			span_of(method));
}

void host_result(struct supervisor *sv, const struct session_track *session, const char *method,
		 struct span id, struct span result)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&line, "{\"jsonrpc\":\"2.0\"");
	json_kv_raw(&line, "id", id);
	json_kv_raw(&line, "result", result);
	json_close(&line, '}');
	send(sv, session, method, &line);
}

static int64_t code_of(enum problem_kind kind)
{
	switch (kind) {
	case PROBLEM_NOT_FOUND:
		return HOST_NOT_FOUND;
	case PROBLEM_INVALID_REQUEST:
	case PROBLEM_PERMISSION_DENIED:
	case PROBLEM_TOO_LARGE:
		return HOST_INVALID_PARAMS;
	default:
		return HOST_INTERNAL_ERROR;
	}
}

void host_problem(struct supervisor *sv, const struct session_track *session, const char *method,
		  struct span id, const struct sa_error *err)
{
	cleanup_buf struct buf line = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&line, "{\"jsonrpc\":\"2.0\"");
	json_kv_raw(&line, "id", id);
	json_key(&line, "error");
	json_open(&line, '{');
	json_kv_int(&line, "code", code_of(err->kind));
	json_kv_string(&line, "message", err->message);
	buf_adds(&line, "}}");
	send(sv, session, method, &line);
}

/* --- where -------------------------------------------------------------------------------- */

const char *host_root(const struct supervisor *sv, const struct session_track *session)
{
	return session && session->record.cwd ? session->record.cwd : sv->server.cwd;
}

const char *host_inside(const struct supervisor *sv, const char *root, const char *path,
			struct sa_error *err)
{
	size_t n = strlen(root);
	if (path[0] != '/') {
		error_set(err, PROBLEM_INVALID_REQUEST, "a path is absolute, not '%.200s'", path);
		return NULL;
	}
	if (sv->options->is_reaching)
		return path;
	while (n > 1 && root[n - 1] == '/')
		n--;
	/* The folder itself, or something behind its slash. */
	if (n == 1 || (strncmp(path, root, n) == 0 && (path[n] == '/' || !path[n]))) {
		path += n == 1 ? 1 : n;
		path += strspn(path, "/");
		return *path ? path : ".";
	}
	error_set(err, PROBLEM_PERMISSION_DENIED,
		  "'%.200s' is outside of the session's folder %.200s", path, root);
	return NULL;
}

/* --- numbers ------------------------------------------------------------------------------ */

int host_number(struct span params, const char *name, int64_t *ret, struct sa_error *err)
{
	struct span value = json_get(params, name);
	if (json_type(value) == JSON_NONE || json_type(value) == JSON_NULL)
		return 0;
	if (json_int(value, ret) < 0 || *ret < 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s is a whole number", name);
	return 0;
}

/* --- requests ------------------------------------------------------------------------------- */

static void do_file(struct supervisor *sv, const struct envelope *request,
		    const struct session_track *session, const char *method)
{
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	struct sa_error err = SA_ERROR_INIT;
	const char *root = host_root(sv, session);
	int rc;
	if (strcmp(method, "fs/read_text_file") == 0) {
		rc = host_read_file(sv, root, request->params, &result, &err);
	} else {
		rc = host_write_file(sv, root, request->params, &err);
		buf_adds(&result, "{}");
	}
	if (rc == 0)
		host_result(sv, session, method, request->id, buf_span(&result));
	else
		host_problem(sv, session, method, request->id, &err);
}

void host_do(struct supervisor *sv, const struct envelope *request, struct session_track *session)
{
	cleanup_free char *method = json_string_dup(request->method);
	if (strncmp(method, "fs/", 3) == 0)
		do_file(sv, request, session, method);
	else
		host_terminal(sv, request, session);
}
