/* The verbs new and resume. */
#include "print.h"
#include "resume.h"
#include "verbs.h"

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

int verb_resume(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	const struct resume_options how = resume_options_of(o);
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "resume which session?");
	if (ways_check(o->by, o->replay_events, o->replay_chars, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++) {
		cleanup_connection struct connection c = CONNECTION_INIT;
		if (connection_find(&c, argv[i], err) < 0)
			return -1;
		int64_t since = c.server.last_index;
		if (resume_session(&c, &how, err) < 0)
			return -1;
		if (command_wants_text(&o->common))
			print_field("session", c.session.id);
		else
			print_session(&c.session, since, 0);
	}
	return SA_EXIT_OK;
}
