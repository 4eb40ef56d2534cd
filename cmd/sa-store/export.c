/*
 * A bundle: JSON lines, each with a "type": bundle, then for each server its
 * server, session, event and request lines, and at the end a manifest with
 * the SHA-256 of everything above it. sa-store(1) describes the members.
 */
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "bundle.h"
#include "os/tempfile.h"
#include "packed.h"
#include "redact.h"
#include "store/store.h"
#include "verbs.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct exporter {
	struct store *store;
	struct packed_out out;
	struct buf line;
	bool is_redacted;
	const struct session *session;
	const struct server *server;
	int64_t events, secrets;
	struct sa_error *err;
};

static void begin_line(struct exporter *x, const char *type)
{
	buf_clear(&x->line);
	json_open(&x->line, '{');
	json_kv_string(&x->line, "type", type);
}

static int end_line(struct exporter *x)
{
	buf_adds(&x->line, "}\n");
	return packed_out_line(&x->out, buf_span(&x->line), x->err);
}

/* A member that is JSON already, without its secrets unless they are wanted. */
static void add_foreign(struct exporter *x, const char *key, struct span json)
{
	if (!json.p)
		return;
	json_key(&x->line, key);
	if (x->is_redacted)
		x->secrets += redact_add(&x->line, json);
	else
		json_add_raw(&x->line, json);
}

static int write_server(struct exporter *x)
{
	const struct server *v = x->server;
	begin_line(x, "server");
	json_kv_string(&x->line, "uid", v->uid);
	json_kv_string(&x->line, "id", v->id);
	json_kv_string(&x->line, "agent", v->agent);
	add_foreign(x, "initialize", span_of(v->initialize_json));
	json_kv_int(&x->line, "createdMs", v->created_ms);
	json_kv_int(&x->line, "updatedMs", v->updated_ms);
	json_kv_int(&x->line, "lastIndex", v->last_index);
	json_kv_int(&x->line, "lastStreamIndex", v->last_stream_index);
	return end_line(x);
}

static int write_session(struct exporter *x)
{
	const struct session *s = x->session;
	begin_line(x, "session");
	json_kv_string(&x->line, "serverUid", x->server->uid);
	json_kv_string(&x->line, "id", s->id);
	json_kv_string(&x->line, "agent", s->agent);
	json_kv_string(&x->line, "agentSessionId", s->agent_session_id);
	json_kv_string(&x->line, "cwd", s->cwd);
	json_kv_string(&x->line, "state", session_state_name(s->state));
	json_kv_string(&x->line, "title", s->title);
	json_kv_string(&x->line, "mode", s->mode);
	json_kv_string(&x->line, "model", s->model);
	json_kv_string(&x->line, "resumedBy", s->resumed_by);
	json_kv_string(&x->line, "parentId", s->parent_id);
	if (s->parent_id)
		json_kv_int(&x->line, "parentIndex", s->parent_index);
	json_kv_int(&x->line, "firstIndex", s->first_index);
	json_kv_int(&x->line, "createdMs", s->created_ms);
	json_kv_int(&x->line, "updatedMs", s->updated_ms);
	return end_line(x);
}

static int write_event(const struct event *event, void *arg)
{
	struct exporter *x = arg;
	/* One that goes on meanwhile has more by now than its line above says. */
	if (event->index > x->server->last_index)
		return 1;
	if (event->session_id.p && !span_is(event->session_id, x->session->id))
		return 0;
	begin_line(x, "event");
	json_kv_string(&x->line, "serverUid", x->server->uid);
	json_kv_int(&x->line, "index", event->index);
	json_kv_int(&x->line, "streamIndex", event->stream_index);
	json_kv_span(&x->line, "sessionId", event->session_id);
	json_kv_int(&x->line, "atMs", event->at_ms);
	json_kv_string(&x->line, "sender", sender_name(event->sender));
	json_kv_span(&x->line, "answers", event->answers);
	if (event->raw.p && !x->is_redacted) {
		json_key(&x->line, "rawBase64");
		buf_addc(&x->line, '"');
		base64_add(&x->line, event->raw);
		buf_addc(&x->line, '"');
	}
	add_foreign(x, "payload", event->payload);
	x->events++;
	return end_line(x);
}

static int write_ask(const struct ask *ask, const struct server *server, struct span payload,
		     void *arg)
{
	struct exporter *x = arg;
	(void)payload;
	if (server->key != x->server->key || ask->index > x->server->last_index)
		return 0;
	begin_line(x, "request");
	json_kv_string(&x->line, "serverUid", x->server->uid);
	json_kv_int(&x->line, "index", ask->index);
	json_kv_string(&x->line, "sessionId", ask->session_id);
	json_kv_string(&x->line, "method", ask->method);
	json_kv_raw(&x->line, "rpcId", span_of(ask->rpc_id));
	json_kv_string(&x->line, "state", ask_state_name(ask->state));
	add_foreign(x, "answer", span_of(ask->answer_json));
	json_kv_int(&x->line, "createdMs", ask->created_ms);
	json_kv_int(&x->line, "settledMs", ask->settled_ms);
	json_kv_string(&x->line, "settledBy", ask->settled_by);
	json_kv_string(&x->line, "reason", ask->reason);
	json_kv_int(&x->line, "deadlineMs", ask->deadline_ms);
	return end_line(x);
}

static int write_one(struct exporter *x, const char *reference)
{
	cleanup_session struct session session = {.id = NULL};
	cleanup_server struct server server = {.key = 0};
	if (store_find_session(x->store, reference, &session, x->err) < 0 ||
	    store_get_server(x->store, session.server_key, &server, x->err) < 0)
		return -1;
	x->session = &session;
	x->server = &server;
	if (write_server(x) < 0 || write_session(x) < 0 ||
	    store_each_event(x->store, &server, NULL, 0, 0, write_event, x, x->err) < 0)
		return -1;
	return store_each_ask(x->store, session.id, true, write_ask, x, x->err) == 0 ? 0 : -1;
}

static int write_all(struct exporter *x, int argc, char **argv)
{
	char hex[65];
	begin_line(x, "bundle");
	json_kv_string(&x->line, "format", BUNDLE_FORMAT);
	json_kv_int(&x->line, "version", BUNDLE_VERSION);
	json_kv_time(&x->line, "createdAt", clock_now_ms());
	json_kv_bool(&x->line, "isRedacted", x->is_redacted);
	int rc = end_line(x);
	for (int i = 0; rc == 0 && i < argc; i++)
		rc = write_one(x, argv[i]);
	if (rc < 0)
		return -1;
	packed_out_digest(&x->out, hex);
	int64_t lines = x->out.lines;
	begin_line(x, "manifest");
	json_kv_int(&x->line, "lines", lines);
	json_kv_int(&x->line, "events", x->events);
	json_kv_int(&x->line, "redacted", x->secrets);
	json_kv_string(&x->line, "sha256", hex);
	return end_line(x);
}

static int write_to(struct exporter *x, int fd, const struct options *o, int argc, char **argv)
{
	int rc = packed_out_open(&x->out, fd, o->is_plain, x->err);
	if (rc == 0)
		rc = write_all(x, argc, argv);
	if (packed_out_close(&x->out, rc < 0 ? &(struct sa_error){.kind = PROBLEM_NONE} : x->err) <
	    0)
		rc = -1;
	return rc;
}

/* The file appears whole or not at all, and no other one goes for it. */
static int write_file(struct exporter *x, const struct options *o, int argc, char **argv)
{
	const char *slash = strrchr(o->output, '/');
	const char *name = slash ? slash + 1 : o->output;
	cleanup_free char *folder =
	    slash ? xmemdup0(o->output, (size_t)(slash - o->output) + 1) : xstrdup(".");
	cleanup_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tempfile temp = TEMPFILE_INIT;
	if (dir < 0 || !*name || tempfile_open(dir, 0600, &temp) < 0)
		return error_set_errno(x->err, PROBLEM_FAILED, *name ? errno : EISDIR, "write %s",
				       o->output);
	int rc = write_to(x, temp.fd, o, argc, argv);
	if (rc == 0 && (fsync(temp.fd) < 0 || tempfile_commit(&temp, dir, name, true) < 0))
		rc = error_set_errno(x->err, PROBLEM_FAILED, errno, "write %s", o->output);
	tempfile_discard(&temp, dir);
	return rc;
}

int export_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "export wants a session");
	if (!o->output && !o->is_plain && isatty(STDOUT_FILENO))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a bundle is not for a terminal: name a file with --output, or "
				 "take --plain");
	cleanup_store struct store *store = store_open(err);
	if (!store)
		return -1;
	struct exporter x = {.store = store,
			     .line = BUF_INIT(BUF_MAX_OWN),
			     .is_redacted = !o->is_unredacted,
			     .err = err};
	int rc = o->output ? write_file(&x, o, argc, argv)
			   : write_to(&x, STDOUT_FILENO, o, argc, argv);
	buf_free(&x.line);
	return rc < 0 ? -1 : SA_EXIT_OK;
}
