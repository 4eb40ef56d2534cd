#include "turn.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "directive.h"
#include "rpc.h"
#include "update.h"
#include "json/write.h"

#include <stdlib.h>
#include <unistd.h>

/*
 *            | queued   | running             | waiting           | over
 * -----------+----------+---------------------+-------------------+------
 * first in   | running  | -                   | -                 | -
 * the queue  |          |                     |                   |
 * step       | -        | running, waiting or | stays, or running | -
 *            |          | over, as it says    | when it came      |
 * answer     | -        | kept for the step   | kept for the step | dropped
 * cancel     | over     | over *              | over *            | -
 * close      | over     | over                | over              | -
 *
 * over: the request is answered and the turn freed. * unless ignore-cancel.
 */

/* Steps of one turn before the others and the input get their chance. */
enum { TURN_STEPS = 4096 };

struct turn *turn_queue(struct agent *agent, struct session *session, struct span id, char *text,
			const char *blocks)
{
	struct turn *turn = xcalloc(1, sizeof(*turn));
	*turn = (struct turn){.agent = agent, .session = session, .wake = DEADLINE_NEVER};
	turn->child_fd = -1;
	turn->reader = STORE_READER_NONE;
	turn->blocks = xstrdup(blocks ? blocks : "");
	buf_init(&turn->text, BUF_MAX_OWN);
	if (id.p)
		turn->id = xmemdup0(id.p, id.n);
	if (text)
		script_init(&turn->script, text);
	else {
		turn->is_load = true;
		turn->directive = directive_replay();
	}
	struct turn **end = &session->turns;
	while (*end)
		end = &(*end)->next;
	*end = turn;
	return turn;
}

/* Let go of what the directive that ran held. */
static void clear_directive(struct turn *turn)
{
	agent_forget(turn->agent, turn);
	free(turn->answer);
	if (turn->child > 0)
		kill(-turn->child, SIGKILL);
	if (turn->child_fd >= 0)
		close(turn->child_fd);
	store_reader_close(&turn->reader);
	buf_clear(&turn->text);
	turn->answer = NULL;
	turn->child = 0;
	turn->child_fd = -1;
	turn->is_child_done = turn->is_asking = false;
	turn->directive = NULL;
	turn->at = turn->count = 0;
	turn->wake = DEADLINE_NEVER;
	turn->tool_id[0] = '\0';
}

void turn_free(struct turn *turn)
{
	struct turn **link = &turn->session->turns;
	while (*link != turn)
		link = &(*link)->next;
	*link = turn->next;
	clear_directive(turn);
	script_free(&turn->script);
	buf_free(&turn->text);
	free((char *)turn->blocks);
	free(turn->error_text);
	free(turn->id);
	free(turn);
}

static void answer(const struct turn *turn)
{
	cleanup_buf struct buf result = BUF_INIT(BUF_MAX_OWN);
	struct buf *out = &turn->agent->out.queue;
	struct span id = span_of(turn->id);
	if (turn->error_code) {
		rpc_error(out, id, turn->error_code, span_of(turn->error_text));
		return;
	}
	json_open(&result, '{');
	if (turn->is_load)
		session_write_setup(&result, turn->session);
	else
		json_kv_string(&result, "stopReason", turn->stop_reason);
	if (turn->input_tokens || turn->output_tokens) {
		json_key(&result, "usage");
		json_open(&result, '{');
		json_kv_int(&result, "inputTokens", (int64_t)turn->input_tokens);
		json_kv_int(&result, "outputTokens", (int64_t)turn->output_tokens);
		json_kv_int(&result, "totalTokens",
			    (int64_t)(turn->input_tokens + turn->output_tokens));
		json_close(&result, '}');
	}
	json_close(&result, '}');
	rpc_result(out, id, buf_span(&result));
}

/* Answer and free. */
static void finish(struct turn *turn)
{
	struct agent *agent = turn->agent;
	struct session *session = turn->session;
	uint64_t late = turn->late_updates;
	answer(turn);
	if (turn->answers_twice)
		answer(turn);
	turn_free(turn);
	for (uint64_t i = 0; i < late; i++)
		update_text(agent, session, "agent_message_chunk", SPAN_LIT("late"));
}

enum step turn_stop(struct turn *turn, const char *stop_reason)
{
	turn->stop_reason = stop_reason;
	return STEP_END;
}

enum step turn_fail(struct turn *turn, int64_t code, struct span text)
{
	turn->error_code = code;
	free(turn->error_text);
	turn->error_text = xmemdup0(text.p ? text.p : "", text.n);
	return STEP_END;
}

void turn_cancel(struct turn *turn)
{
	if (!turn->ignores_cancel && !turn->is_load)
		turn_abort(turn);
}

void turn_abort(struct turn *turn)
{
	turn_stop(turn, "cancelled");
	finish(turn);
}

void turn_cancel_request(struct turn *turn)
{
	if (turn->ignores_cancel)
		return;
	turn_fail(turn, RPC_CANCELLED, SPAN_LIT("Request cancelled"));
	finish(turn);
}

/* The next directive of the script; false at its end. */
static bool next_directive(struct turn *turn)
{
	struct span line, rest;
	bool is_first = turn->script.pos == 0 && turn->script.len > 0;
	clear_directive(turn);
	if (is_first && directive_is_plain(&turn->script)) {
		turn->directive = directive_echo();
		turn->args = span_trim((struct span){turn->script.text, turn->script.len});
		turn->script.pos = turn->script.len;
		return true;
	}
	if (!script_next(&turn->script, &line))
		return false;
	turn->directive = directive_find(script_word(line, &rest));
	turn->args = turn->directive ? rest : line;
	if (!turn->directive)
		turn->directive = directive_echo();
	return true;
}

enum turn_state turn_run(struct turn *turn)
{
	for (int i = 0; i < TURN_STEPS && !out_is_busy(&turn->agent->out); i++) {
		enum step step = STEP_DONE;
		if (turn->directive)
			step = turn->directive->run(turn);
		if (step == STEP_AGAIN)
			turn->at++;
		if (step == STEP_WAIT)
			return TURN_WAITING;
		if (step == STEP_DONE && (turn->is_load || !next_directive(turn)))
			step = turn_stop(turn, "end_turn");
		if (step == STEP_END) {
			finish(turn);
			return TURN_OVER;
		}
	}
	return TURN_READY;
}
