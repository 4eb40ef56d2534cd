#include "question.h"

#include "acp/envelope.h"
#include "adapter/consent.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "gate.h"
#include "session.h"
#include "tool.h"
#include "turn.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

enum question_state { QUESTION_OPEN, QUESTION_ALLOWED, QUESTION_REJECTED };

struct question {
	struct question *next;
	struct session *session;
	struct gate_peer *peer; /* NULL: it has left */
	enum question_state state;
	bool is_told; /* Amp knows what was decided */
	int64_t ask_id;
	char *tool;
	char *input; /* JSON */
};

#define REJECTED "The user rejected this tool call."
#define CANCELLED "The user cancelled the turn."

/* --- the list --------------------------------------------------------------------------- */

static void forget(struct question *question)
{
	struct question **link = &question->session->questions;
	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
	if (question->peer)
		question->peer->question = NULL;
	free(question->tool);
	free(question->input);
	free(question);
}

/* The same call, asked about before, whose helper has left. */
static struct question *find(const struct session *session, const char *tool, struct span input)
{
	struct question *question = session->questions;
	while (question && (question->peer || strcmp(question->tool, tool) != 0 ||
			    !span_is(input, question->input)))
		question = question->next;
	return question;
}

bool question_is_open(const struct session *session)
{
	for (const struct question *q = session->questions; q; q = q->next)
		if (q->state == QUESTION_OPEN)
			return true;
	return false;
}

void question_left(struct question *question)
{
	question->peer = NULL;
}

void question_drop_all(struct session *session)
{
	while (session->questions) {
		struct question *question = session->questions;
		struct gate_peer *peer = question->peer;
		if (question->state == QUESTION_OPEN)
			adapter_ask_cancel(session->base.adapter, question->ask_id);
		forget(question);
		if (peer)
			gate_answer(peer, CANCELLED);
	}
}

/* --- asking ------------------------------------------------------------------------------- */

static void on_answer(void *arg, const struct envelope *envelope)
{
	struct question *question = arg;
	struct session *session = question->session;
	struct gate_peer *peer = question->peer;
	bool is_allowed = consent_read(&session->consents, question->tool, envelope);
	question->state = is_allowed ? QUESTION_ALLOWED : QUESTION_REJECTED;
	if (peer) {
		forget(question);
		gate_answer(peer, is_allowed ? GATE_ALLOW : REJECTED);
	}
	turn_go_on(session);
}

static void ask(struct question *question, struct span id)
{
	struct session *session = question->session;
	cleanup_buf struct buf name = BUF_INIT(BUF_MAX_OWN);
	json_add_string(&name, span_of(question->tool));
	struct buf *b = consent_ask_open(&session->base, id);
	tool_write_details(b, buf_span(&name), span_of(question->input));
	question->ask_id = consent_ask_close(&session->base, question->tool, on_answer, question);
}

static void make(struct session *session, struct gate_peer *peer, char *tool, struct span input,
		 struct span id)
{
	struct question *question = xcalloc(1, sizeof(*question));
	*question = (struct question){
	    .next = session->questions,
	    .session = session,
	    .peer = peer,
	    .tool = tool,
	    .input = xmemdup0(input.p, input.n),
	};
	session->questions = question;
	peer->question = question;
	ask(question, id);
}

/* Asked again: the answer that came too late for the first time, or to wait on. */
static void asked_again(struct question *question, struct gate_peer *peer)
{
	enum question_state state = question->state;
	if (state == QUESTION_OPEN) {
		question->peer = peer;
		peer->question = question;
		return;
	}
	forget(question);
	gate_answer(peer, state == QUESTION_ALLOWED ? GATE_ALLOW : REJECTED);
}

void question_asked(struct session *session, struct gate_peer *peer, struct span line)
{
	size_t bad_offset, count = 0;
	bool is_call = json_check(line, &bad_offset) == 0 && json_type(line) == JSON_OBJECT;
	struct span id = is_call ? json_get(line, "id") : SPAN_NONE;
	struct span name = is_call ? json_get(line, "tool") : SPAN_NONE;
	struct span input = is_call ? json_get(line, "input") : SPAN_NONE;
	const struct prompt *prompt = prompts_running(&session->base.prompts);
	cleanup_free char *tool = json_string_dup(name);
	for (const struct question *q = session->questions; q; q = q->next)
		count++;
	if (!tool || !input.p || json_type(id) != JSON_STRING || !prompt || prompt->is_cancelled) {
		gate_answer(peer, prompt && prompt->is_cancelled ? CANCELLED : REJECTED);
		return;
	}
	struct question *question = find(session, tool, input);
	if (question)
		asked_again(question, peer);
	else if (!session->is_asking || tool_only_reads(name) ||
		 consents_has(&session->consents, tool))
		gate_answer(peer, GATE_ALLOW);
	else if (count >= QUESTIONS_MAX)
		gate_answer(peer, "There are too many questions already.");
	else
		make(session, peer, TAKE_PTR(tool), input, id);
}

bool question_tell_late(struct session *session, struct buf *text)
{
	bool is_any = false;
	for (struct question *q = session->questions; q; q = q->next) {
		if (q->state == QUESTION_OPEN || q->is_told)
			continue;
		is_any = q->is_told = true;
		if (q->state == QUESTION_ALLOWED)
			buf_addf(
			    text,
			    "The user has allowed this call; make it again, exactly as it was:\n"
			    "tool %s %s\n",
			    q->tool, q->input);
		else
			buf_addf(text,
				 "The user rejected the call of %s with %s; go on without it.\n",
				 q->tool, q->input);
	}
	return is_any;
}
