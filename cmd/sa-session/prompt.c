/* The verbs prompt and run. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/plain.h"
#include "input.h"
#include "interrupt.h"
#include "print.h"
#include "resume.h"
#include "turn.h"
#include "verbs.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* An interrupted session goes on by itself; a closed one was ended by somebody's wish. */
static int link_or_resume(struct connection *c, const struct options *o, struct sa_error *err)
{
	const struct resume_options how = {.timeout_ms = o->create.timeout_ms};
	if (c->session.state != SESSION_INTERRUPTED && connection_link(c, err) == 0)
		return 0;
	/* That may have come to light only now. */
	if (c->session.id && c->session.state == SESSION_INTERRUPTED)
		return resume_session(c, &how, err);
	return -1;
}

/* As the agent wrote it; what a terminal would obey is made visible there. */
static int print_answer(struct connection *c, const struct turn *turn, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf plain = BUF_INIT(BUF_MAX_OWN);
	if (turn_add_answer(c, turn, &text, err) < 0)
		return -1;
	if (text.len && text.data[text.len - 1] != '\n')
		buf_addc(&text, '\n');
	bool is_terminal = isatty(STDOUT_FILENO);
	if (is_terminal)
		plain_add(&plain, buf_span(&text));
	print_buf(is_terminal ? &plain : &text);
	return 0;
}

/* The word that the options say; NULL with err. */
static const char *read_when(const struct options *o, struct sa_error *err)
{
	const char *when = o->is_interrupt ? "interrupt"
			   : o->is_reject  ? "reject"
			   : o->is_queue   ? "queue"
					   : o->when;
	int count = o->is_interrupt + o->is_reject + o->is_queue + (o->when != NULL);
	if (count <= 1)
		return when ? when : "queue";
	error_set(err, PROBLEM_INVALID_REQUEST,
		  "only one of --busy, --queue, --interrupt, --reject-when-busy");
	return NULL;
}

static int check_when(const char *when, struct sa_error *err)
{
	if (strcmp(when, "interrupt") == 0 || strcmp(when, "queue") == 0 || strcmp(when, "reject") == 0 ||
	    strcmp(when, "now") == 0)
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST, "--busy is queue, reject, now or interrupt, not '%s'",
			 when);
}

static int take_turn(struct connection *c, const struct options *o, struct span blocks,
		     struct turn_options *how, struct turn *turn, struct sa_error *err)
{
	bool is_text = command_wants_text(&o->common);
	int rc = turn_start(c, blocks, how, turn, err);
	if (rc != 0)
		return rc;
	if (!is_text)
		print_queued(&c->session, turn->since, turn->is_queued ? turn->turns : 0,
			     turn->prompt_id);
	if (how->is_detached)
		return 0;
	rc = turn_wait(c, turn, how, err);
	if (rc == 0 && is_text)
		rc = print_answer(c, turn, err);
	return rc == 0 ? turn_judge(c, turn, err) : rc;
}

int verb_prompt(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	const char *when = read_when(o, err);
	struct turn_options how = {
	    .is_detached = o->is_no_wait,
	    .when = when,
	    .deadline = deadline_after(o->create.timeout_ms),
	    .wake_fd = -1,
	};
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_buf struct buf blocks = BUF_INIT(BUF_MAX_OWN);
	struct turn turn = {.stop_reason = NULL};
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "prompt which session?");
	if (!when || check_when(when, err) < 0 || connection_find(&c, argv[0], err) < 0 ||
	    input_read(&o->input, argc - 1, argv + 1, &blocks, err) < 0 ||
	    link_or_resume(&c, o, err) < 0 || input_check(&c, buf_span(&blocks), err) < 0)
		return -1;
	cleanup_close int interrupt = how.is_detached ? -1 : interrupt_begin();
	how.wake_fd = interrupt;
	int rc = take_turn(&c, o, buf_span(&blocks), &how, &turn, err);
	turn_clear(&turn);
	if (rc == 2)
		interrupt_end(interrupt);
	return rc;
}

/* The session's record with the answer in it. */
static int print_run(struct connection *c, const struct turn *turn, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (turn_add_answer(c, turn, &text, err) < 0)
		return -1;
	session_open_json(&b, &c->session);
	json_kv_string(&b, "stopReason", turn->stop_reason);
	json_kv_span(&b, "text", buf_span(&text));
	buf_adds(&b, "}\n");
	print_buf(&b);
	return 0;
}

int verb_run(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = arg;
	struct create_options create = o->create;
	const struct turn_options how = {.deadline = deadline_after(o->create.timeout_ms),
					 .wake_fd = -1};
	cleanup_connection struct connection c = CONNECTION_INIT;
	cleanup_buf struct buf blocks = BUF_INIT(BUF_MAX_OWN);
	struct turn turn = {.stop_reason = NULL};
	struct sa_error ignored;
	/* Whatever ends this process, the agent goes with it. */
	create.is_tied = true;
	if (input_read(&o->input, argc, argv, &blocks, err) < 0 ||
	    create_session(&c, &create, err) < 0)
		return -1;
	int rc = input_check(&c, buf_span(&blocks), err);
	if (rc == 0)
		rc = turn_start(&c, buf_span(&blocks), &how, &turn, err);
	if (rc == 0)
		rc = turn_wait(&c, &turn, &how, err);
	if (rc == 0)
		rc = o->common.is_json ? print_run(&c, &turn, err) : print_answer(&c, &turn, err);
	if (rc == 0)
		rc = turn_judge(&c, &turn, err);
	connection_stop_server(&c, "closed", "run is over", &ignored);
	turn_clear(&turn);
	return rc;
}
