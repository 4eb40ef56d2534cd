/*
 * Read a bundle: unpack it beside, believe it only when its manifest fits,
 * go through its rows once without writing, then write them. What it says about this machine is not believed: the
 * working directory is the caller's, the command line is the agent's own.
 */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "bundle.h"
#include "packed.h"
#include "persist.h"
#include "store/alive.h"
#include "store/part.h"
#include "story.h"
#include "verbs.h"
#include "json/lines.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_BYTES = 256 << 20, /* longest line of a bundle */
	READ_BYTES = 64 * 1024,
	NAME_BYTES = 256, /* of an id, an agent */
	UID_BYTES = 64,
};
static const int64_t INDEX_MAX = (INT64_C(1) << 40) - 1;   /* what a store can number */
static const int64_t TIME_MAX = INT64_C(253402300799999);  /* the year 9999 */
static const uint64_t UNPACKED_BYTES = UINT64_C(64) << 30; /* of a whole bundle */

typedef int line_fn(struct span line, void *arg, struct sa_error *err);

/* Call fn for each line from fd's start. 0, or -1. */
static int each_line(int fd, line_fn *fn, void *arg, struct sa_error *err)
{
	cleanup_free char *chunk = xmalloc(READ_BYTES);
	struct lines lines;
	struct span line;
	int rc = 0;
	ssize_t n = 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "read the bundle");
	lines_init(&lines, LINE_BYTES);
	while (rc == 0 && (n = read(fd, chunk, READ_BYTES)) > 0) {
		enum lines_result result;
		lines_feed(&lines, (struct span){chunk, (size_t)n});
		while (rc == 0 && (result = lines_next(&lines, &line)) != LINES_MORE)
			rc = result == LINES_LINE ? fn(line, arg, err)
						  : error_set(err, PROBLEM_TOO_LARGE,
							      "a line of the bundle is too long");
	}
	if (rc == 0 && n < 0)
		rc = error_set_errno(err, PROBLEM_FAILED, errno, "read the bundle");
	/* Half a line at the end is a bundle cut off: its manifest is missing. */
	lines_free(&lines);
	return rc;
}

/* --- is it whole? ------------------------------------------------------------------------ */

struct verdict {
	crypto_hash_sha256_state hash;
	int64_t lines;
	bool is_bundle;
	bool is_whole;
};

static int judge_manifest(struct verdict *v, struct span line, struct sa_error *err)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	char hex[sizeof(digest) * 2 + 1];
	crypto_hash_sha256_state state = v->hash;
	crypto_hash_sha256_final(&state, digest);
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	if (!json_string_is(json_get(line, "sha256"), hex) ||
	    json_int_or(json_get(line, "lines"), -1) != v->lines)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the bundle was changed or damaged: its manifest does not fit");
	v->is_whole = true;
	return 0;
}

static int judge_line(struct span line, void *arg, struct sa_error *err)
{
	struct verdict *v = arg;
	if (json_check(line, NULL) < 0 || v->is_whole)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 v->is_whole ? "the bundle goes on behind its manifest"
					     : "line %" PRId64 " is not JSON: no bundle of ours",
				 v->lines + 1);
	if (v->lines == 0) {
		v->is_bundle = json_string_is(json_get(line, "format"), BUNDLE_FORMAT);
		if (!v->is_bundle)
			return error_set(err, PROBLEM_INVALID_REQUEST, "this is no bundle of ours");
		if (json_int_or(json_get(line, "version"), 0) != BUNDLE_VERSION)
			return error_set(
			    err, PROBLEM_INVALID_REQUEST,
			    "the bundle has a version that this program does not know; "
			    "use a newer one");
	}
	if (json_string_is(json_get(line, "type"), "manifest"))
		return judge_manifest(v, line, err);
	crypto_hash_sha256_update(&v->hash, (const unsigned char *)line.p, line.n);
	crypto_hash_sha256_update(&v->hash, (const unsigned char *)"\n", 1);
	v->lines++;
	return 0;
}

static int judge(int fd, struct sa_error *err)
{
	struct verdict v = {.lines = 0};
	if (sodium_init() < 0)
		return error_set(err, PROBLEM_BUG, "libsodium does not start");
	crypto_hash_sha256_init(&v.hash);
	if (each_line(fd, judge_line, &v, err) < 0)
		return -1;
	if (!v.is_whole)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the bundle is cut off: it has no manifest at its end");
	return 0;
}

/* --- its rows --------------------------------------------------------------------------------- */

struct importer {
	struct store *store;
	const char *cwd;
	struct server server; /* the one that the lines are about */
	struct server there;  /* ... as the store had it before; key 0: not at all */
	int64_t common, common_ms; /* index and time of the last event that both may have */
	struct part *part;    /* its events that are not written yet */
	bool is_rehearsal;    /* nothing is written */
	int64_t last;	      /* eventIndex that the bundle has of it */
	int64_t last_read;    /* the eventIndex of the server's last event so far */
	int64_t sessions, events;
};

static int64_t number(struct span line, const char *name)
{
	return json_int_or(json_get(line, name), 0);
}

/* A member's JSON as an owned string, NULL when absent. */
static char *raw_member(struct span line, const char *name)
{
	struct span value = json_get(line, name);
	return value.p ? xmemdup0(value.p, value.n) : NULL;
}

static int missing(const char *what, struct sa_error *err)
{
	return error_set(err, PROBLEM_INVALID_REQUEST, "one %s of the bundle misses members", what);
}

static int odd(const char *what, const char *member, struct sa_error *err)
{
	return error_set(err, PROBLEM_INVALID_REQUEST, "one %s of the bundle has no usable %s", what,
			 member);
}

/* Whole numbers of a line are from 0 to most; absent is 0. */
static int check_numbers(struct span line, const char *what, const char *const *names,
			 int64_t most, struct sa_error *err)
{
	for (; *names; names++) {
		struct span value = json_get(line, *names);
		int64_t n = value.p ? json_int_or(value, -1) : 0;
		if (n < 0 || n > most)
			return odd(what, *names, err);
	}
	return 0;
}

/* What names things here, as others may have named them: no control characters. */
static int check_name(const char *text, const char *what, const char *member, struct sa_error *err)
{
	size_t n = text ? strlen(text) : 0;
	if (n == 0 || n > NAME_BYTES || strcmp(text, "-") == 0 || text[0] == '@')
		return odd(what, member, err);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return odd(what, member, err);
	return 0;
}

/* A server's uid becomes the name of files (its spool, its lock). */
static int check_uid(const char *uid, struct sa_error *err)
{
	size_t n = strspn(uid, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n && n <= UID_BYTES && !uid[n] ? 0 : odd("server", "uid", err);
}

static int check_line(struct span line, const char *what, struct sa_error *err)
{
	static const char *const indices[] = {"index",	   "streamIndex",     "lastIndex",
					      "firstIndex", "lastStreamIndex", "parentIndex",
					      NULL};
	static const char *const times[] = {"createdMs", "updatedMs", "atMs", "settledMs",
					    "deadlineMs", NULL};
	if (check_numbers(line, what, indices, INDEX_MAX, err) < 0)
		return -1;
	return check_numbers(line, what, times, TIME_MAX, err);
}

/* A server that lives here knows better than any bundle. */
static int look_up(struct importer *im, struct sa_error *err)
{
	server_clear(&im->there);
	im->common = 0;
	if (story_find(im->store, im->server.uid, &im->there, err) < 0)
		return -1;
	if (!im->there.key)
		return 0;
	if (server_is_alive(&im->there))
		return error_set(err, PROBLEM_CONFLICT,
				 "the agent connection '%s' of the bundle runs here", im->there.id);
	/* What it was started with here, its policies for instance, stays. */
	return story_keep(im->store, &im->server, err);
}

/* The events of a server have been read: do they go on from what is here? */
static int check_story(const struct importer *im, struct sa_error *err)
{
	if (!im->is_rehearsal || !im->common)
		return 0;
	return story_check_event(im->store, &im->there, im->common, im->common_ms, err);
}

static int flush(struct importer *im, struct sa_error *err)
{
	if (!im->is_rehearsal)
		return part_flush(im->part, err);
	part_clear(im->part);
	return 0;
}

static int read_server(struct importer *im, struct span line, struct sa_error *err)
{
	if (check_line(line, "server", err) < 0 || flush(im, err) < 0 || check_story(im, err) < 0)
		return -1;
	im->last_read = 0;
	server_clear(&im->server);
	im->server = (struct server){
	    .id = json_string_dup(json_get(line, "id")),
	    .uid = json_string_dup(json_get(line, "uid")),
	    .agent = json_string_dup(json_get(line, "agent")),
	    .command_json = xstrdup("[]"),
	    .cwd = xstrdup(im->cwd),
	    .state = SERVER_ENDED,
	    .initialize_json = raw_member(line, "initialize"),
	    .end_reason = xstrdup("imported"),
	    .created_ms = number(line, "createdMs"),
	    .updated_ms = number(line, "updatedMs"),
	    .last_index = number(line, "lastIndex"),
	    .last_stream_index = number(line, "lastStreamIndex"),
	};
	im->last = im->server.last_index;
	if (!im->server.id || !im->server.uid || !im->server.agent)
		return missing("server", err);
	if (check_name(im->server.id, "server", "id", err) < 0 ||
	    check_uid(im->server.uid, err) < 0 ||
	    check_name(im->server.agent, "server", "agent", err) < 0)
		return -1;
	return look_up(im, err);
}

static int write_rows(struct importer *im, struct store_batch *batch, struct sa_error *err)
{
	int64_t key;
	batch->server = &im->server;
	/* A request belongs to an event. */
	if (flush(im, err) < 0)
		return -1;
	return im->is_rehearsal ? 0 : store_import(im->store, batch, &key, err);
}

static int read_session(struct importer *im, struct span line, struct sa_error *err)
{
	bool is_closed = json_string_is(json_get(line, "state"), "closed");
	cleanup_session struct session s = {
	    .id = json_string_dup(json_get(line, "id")),
	    .agent = json_string_dup(json_get(line, "agent")),
	    .agent_session_id = json_string_dup(json_get(line, "agentSessionId")),
	    .cwd = xstrdup(im->cwd),
	    .state = is_closed ? SESSION_CLOSED : SESSION_INTERRUPTED,
	    .title = json_string_dup(json_get(line, "title")),
	    .mode = json_string_dup(json_get(line, "mode")),
	    .model = json_string_dup(json_get(line, "model")),
	    .end_reason = xstrdup("imported"),
	    .resumed_by = json_string_dup(json_get(line, "resumedBy")),
	    .parent_id = json_string_dup(json_get(line, "parentId")),
	    .parent_index = number(line, "parentIndex"),
	    .first_index = number(line, "firstIndex"),
	    .created_ms = number(line, "createdMs"),
	    .updated_ms = number(line, "updatedMs"),
	};
	const struct session *list[] = {&s};
	if (!s.id || !s.agent)
		return missing("session", err);
	if (check_name(s.id, "session", "id", err) < 0 ||
	    check_name(s.agent, "session", "agent", err) < 0)
		return -1;
	bool is_there;
	if (story_has_session(im->store, s.id, im->server.uid, &is_there, err) < 0)
		return -1;
	/* It may have gone on here: a bundle without anything newer does not set it back. */
	bool is_kept = is_there && im->there.last_index >= im->last;
	struct store_batch batch = {.sessions = list, .session_count = !is_kept};
	if (write_rows(im, &batch, err) < 0)
		return -1;
	im->sessions++;
	return 0;
}

static enum sender sender_of(struct span name)
{
	return json_string_is(name, "client")  ? SENDER_CLIENT
	       : json_string_is(name, "agent") ? SENDER_AGENT
					       : SENDER_SYSTEM;
}

/* rawBase64, decoded into b; SPAN_NONE when it is not there or not base64. */
static struct span raw_bytes(struct span line, struct buf *b)
{
	struct span text = json_string_plain(json_get(line, "rawBase64"));
	size_t n;
	if (!text.p || buf_reserve(b, text.n) < 0 ||
	    sodium_base642bin((unsigned char *)b->data, text.n, text.p, text.n, NULL, &n, NULL,
			      sodium_base64_VARIANT_ORIGINAL) < 0)
		return SPAN_NONE;
	return (struct span){b->data, n};
}

static int read_event(struct importer *im, struct span line, struct sa_error *err)
{
	cleanup_free char *session = json_string_dup(json_get(line, "sessionId"));
	cleanup_free char *answers = json_string_dup(json_get(line, "answers"));
	cleanup_buf struct buf raw = BUF_INIT(LINE_BYTES);
	struct event event = {
	    .index = number(line, "index"),
	    .stream_index = number(line, "streamIndex"),
	    .session_id = session ? span_of(session) : SPAN_NONE,
	    .at_ms = number(line, "atMs"),
	    .sender = sender_of(json_get(line, "sender")),
	    .answers = answers ? span_of(answers) : SPAN_NONE,
	    .payload = json_get(line, "payload"),
	    .raw = raw_bytes(line, &raw),
	};
	if (event.index < 1 || event.index > im->last || !event.payload.p)
		return missing("event", err);
	/* Several sessions of one server repeat what belongs to none of them. */
	if (event.session_id.p && event.index <= im->last_read)
		return odd("event", "index", err);
	im->last_read = event.index;
	if (event.index <= im->there.last_index && event.index > im->common) {
		im->common = event.index;
		im->common_ms = event.at_ms;
	}
	im->events++;
	return im->is_rehearsal ? 0 : part_add(im->part, &event, err);
}

static int read_request(struct importer *im, struct span line, struct sa_error *err)
{
	static const enum ask_state states[] = {ASK_ANSWERED, ASK_CANCELLED, ASK_LOST,
						ASK_EXPIRED};
	struct ask ask = {
	    .index = number(line, "index"),
	    .session_id = json_string_dup(json_get(line, "sessionId")),
	    .method = json_string_dup(json_get(line, "method")),
	    .rpc_id = raw_member(line, "rpcId"),
	    .state = ASK_LOST, /* one that was open cannot be answered here */
	    .answer_json = raw_member(line, "answer"),
	    .created_ms = number(line, "createdMs"),
	    .settled_ms = number(line, "settledMs"),
	    .settled_by = json_string_dup(json_get(line, "settledBy")),
	    .reason = json_string_dup(json_get(line, "reason")),
	    .deadline_ms = number(line, "deadlineMs"),
	};
	const struct ask *list[] = {&ask};
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (json_string_is(json_get(line, "state"), ask_state_name(states[i])))
			ask.state = states[i];
	bool is_there = ask.index >= 1 && ask.index <= im->last;
	int rc = is_there && ask.method && ask.rpc_id
		     ? write_rows(im, &(struct store_batch){.asks = list, .ask_count = 1}, err)
		     : missing("request", err);
	ask_clear(&ask);
	return rc;
}

static int read_line(struct span line, void *arg, struct sa_error *err)
{
	struct importer *im = arg;
	struct span type = json_get(line, "type");
	if (json_string_is(type, "server"))
		return read_server(im, line, err);
	struct span uid = json_get(line, "serverUid");
	if (uid.p && (!im->server.uid || !json_string_is(uid, im->server.uid)))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a line of the bundle is about a server that it does not have");
	if (check_line(line, "line", err) < 0)
		return -1;
	bool is_ours = json_string_is(type, "session") || json_string_is(type, "event") ||
		       json_string_is(type, "request");
	if (is_ours && !uid.p)
		return missing("line", err);
	if (json_string_is(type, "session"))
		return read_session(im, line, err);
	if (json_string_is(type, "event"))
		return read_event(im, line, err);
	if (json_string_is(type, "request"))
		return read_request(im, line, err);
	return 0; /* the bundle's own lines, and what a later version may add */
}

static int report(const struct options *o, int64_t sessions, int64_t events)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (command_wants_text(&o->common)) {
		printf("%" PRId64 " sessions with %" PRId64 " events\n", sessions, events);
		return SA_EXIT_OK;
	}
	json_open(&b, '{');
	json_kv_int(&b, "sessions", sessions);
	json_kv_int(&b, "events", events);
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
	return SA_EXIT_OK;
}

static int import_database(const struct options *o, const char *path, const char *cwd,
			   struct sa_error *err)
{
	struct persist_counts counts;
	cleanup_store struct store *store = store_open(err);
	if (!store || persist_import(path, store, cwd, &counts, err) < 0)
		return -1;
	return report(o, counts.sessions, counts.events);
}

static int import_bundle(const struct options *o, int in, const char *name, const char *cwd,
			 struct sa_error *err)
{
	cleanup_close int fd = packed_in_unpack(in, name, UNPACKED_BYTES, err);
	if (fd < 0 || judge(fd, err) < 0)
		return -1;
	cleanup_store struct store *store = store_open(err);
	if (!store)
		return -1;
	cleanup_free struct part *part = xcalloc(1, sizeof(*part));
	struct importer im = {.store = store, .cwd = cwd, .part = part};
	part->to = store;
	part->server = &im.server;
	im.is_rehearsal = true;
	int rc = each_line(fd, read_line, &im, err);
	if (rc == 0)
		rc = check_story(&im, err);
	if (rc == 0) {
		im.is_rehearsal = false;
		im.sessions = im.events = 0;
		server_clear(&im.server);
		im.server = (struct server){.key = 0};
		rc = each_line(fd, read_line, &im, err);
	}
	if (rc == 0)
		rc = part_flush(part, err);
	part_clear(part);
	server_clear(&im.server);
	server_clear(&im.there);
	return rc < 0 ? -1 : report(o, im.sessions, im.events);
}

int import_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	if (argc != 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "import wants one file, or '-'");
	cleanup_free char *cwd = realpath(o->cwd ? o->cwd : ".", NULL);
	if (!cwd)
		return error_set(err, PROBLEM_NOT_FOUND, "no directory '%s'", o->cwd);
	bool is_stdin = strcmp(argv[0], "-") == 0;
	cleanup_close int in = is_stdin ? dup(STDIN_FILENO) : open(argv[0], O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return error_set_errno(err, errno == ENOENT ? PROBLEM_NOT_FOUND : PROBLEM_FAILED,
				       errno, "open %s", argv[0]);
	if (!is_stdin && persist_is_database(in))
		return import_database(o, argv[0], cwd, err);
	return import_bundle(o, in, argv[0], cwd, err);
}
