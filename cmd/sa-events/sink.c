#include "sink.h"

#include "os/io.h"
#include "questions.h"

#include <errno.h>
#include <unistd.h>

int sink_init(struct sink *sink, const struct options *options, struct sa_error *err)
{
	*sink = (struct sink){
	    .out = BUF_INIT(BUF_MAX_OWN),
	    .is_text = options->is_interactive || command_wants_text(&options->common),
	};
	render_init(&sink->render, options);
	return filter_init(&sink->filter, &options->types, options->jq, err);
}

void sink_free(struct sink *sink)
{
	filter_free(&sink->filter);
	render_free(&sink->render);
	buf_free(&sink->out);
}

/* Words beside a prompt: it is left only when there are any. */
static void add_between_questions(struct sink *sink, struct view *view)
{
	struct buf words = BUF_INIT(BUF_MAX_OWN);
	render_add(&sink->render, &words, view);
	if (words.len)
		questions_interrupt(sink->questions, &sink->out);
	buf_add_span(&sink->out, buf_span(&words));
	buf_free(&words);
}

void sink_add(struct sink *sink, struct view *view)
{
	if (!filter_matches(&sink->filter, view))
		return;
	if (sink->filter.jq) {
		filter_run(&sink->filter, view->line, &sink->out);
	} else if (sink->questions) {
		add_between_questions(sink, view);
	} else if (sink->is_text) {
		render_add(&sink->render, &sink->out, view);
	} else {
		buf_add_span(&sink->out, view->line);
		buf_addc(&sink->out, '\n');
	}
}

int sink_flush(struct sink *sink, struct sa_error *err)
{
	if (sink->out.is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "too much to print at once");
	if (sink->out.len == 0)
		return 0;
	if (io_write_all(STDOUT_FILENO, buf_span(&sink->out)) < 0) {
		sink->is_gone = errno == EPIPE;
		return error_set_errno(err, PROBLEM_FAILED, errno, "write standard output");
	}
	buf_clear(&sink->out);
	buf_shrink(&sink->out);
	return 0;
}
