/* The verbs new and resume. */
#include "base/xalloc.h"
#include "print.h"
#include "resume.h"
#include "store/alive.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

int verb_new(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "new takes no operand, not '%s'; 'run' takes a prompt", argv[0]);
	if (create_session(&c, &o->create, err) < 0)
		return -1;
	if (command_wants_text(&o->common))
		print_field("session", c.session.id);
	else
		print_session(&c.session, -1, 0);
	return SA_EXIT_OK;
}

int ways_check(const char *by, uint64_t events, uint64_t chars, struct sa_error *err)
{
	if (by && strcmp(by, "auto") != 0 && strcmp(by, "native") != 0 &&
	    strcmp(by, "transcript") != 0)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--by is auto, native or transcript, not '%s'", by);
	if (events > REPLAY_EVENTS_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST, "--replay-max-events is at most %d",
				 REPLAY_EVENTS_MAX);
	if (chars && (chars < REPLAY_CHARS_MIN || chars > REPLAY_CHARS_MAX))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "--replay-max-chars is from %d to %d", REPLAY_CHARS_MIN,
				 REPLAY_CHARS_MAX);
	return 0;
}

struct resume_options resume_options_of(const struct options *o)
{
	return (struct resume_options){
	    .credentials = o->create.credentials,
	    .env = &o->create.env,
	    .cwd = o->create.cwd,
	    .how =
		{
		    .is_native_only = o->by && strcmp(o->by, "native") == 0,
		    .is_by_transcript = o->by && strcmp(o->by, "transcript") == 0,
		    .limits = {(int64_t)o->replay_events, (int64_t)o->replay_chars},
		},
	    .terms = &o->create.terms,
	    .timeout_ms = o->create.timeout_ms,
	};
}

/* Servers that this command has started. */
struct started {
	char **uids;
	size_t count;
};

static bool has_started(const struct started *s, const char *uid)
{
	size_t i = 0;
	while (i < s->count && strcmp(s->uids[i], uid) != 0)
		i++;
	return i < s->count;
}

static int resume_one(const struct options *o, const char *reference, struct started *started,
		      struct sa_error *err)
{
	struct resume_options how = resume_options_of(o);
	cleanup_connection struct connection c = CONNECTION_INIT;
	if (connection_find(&c, reference, err) < 0)
		return -1;
	int64_t since = c.server.last_index;
	bool was_alive = server_is_alive(&c.server);
	how.is_granted = has_started(started, c.server.uid);
	if (resume_session(&c, &how, err) < 0)
		return -1;
	if (!was_alive) {
		started->uids =
		    xreallocarray(started->uids, started->count + 1, sizeof(*started->uids));
		started->uids[started->count++] = xstrdup(c.server.uid);
	}
	if (command_wants_text(&o->common))
		print_field("session", c.session.id);
	else
		print_session(&c.session, since, 0);
	return 0;
}

int verb_resume(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	struct started started = {NULL, 0};
	int rc = 0;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "resume which session?");
	if (ways_check(o->by, o->replay_events, o->replay_chars, err) < 0)
		return -1;
	for (int i = 0; rc == 0 && i < argc; i++)
		rc = resume_one(o, argv[i], &started, err);
	for (size_t i = 0; i < started.count; i++)
		free(started.uids[i]);
	free(started.uids);
	return rc < 0 ? -1 : SA_EXIT_OK;
}
