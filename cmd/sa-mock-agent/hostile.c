#include "hostile.h"

#include "base/num.h"
#include "directive.h"
#include "rpc.h"
#include "update.h"
#include "json/write.h"
#include "process/record.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { HOSTILE_LATE_MAX = 10000 };

static enum step raw_line(struct turn *turn, struct span line)
{
	buf_add_span(&turn->agent->out.queue, line);
	buf_addc(&turn->agent->out.queue, '\n');
	return STEP_DONE;
}

enum step hostile_fail(struct turn *turn)
{
	int64_t code;
	struct span text, word = script_word(turn->args, &text);
	if (num_parse_i64(word, INT32_MIN, INT32_MAX, &code) < 0 || code == 0)
		return directive_bad(turn, "bad code");
	return turn_fail(turn, code, text);
}

enum step hostile_refuse(struct turn *turn)
{
	return turn_stop(turn, "refusal");
}

enum step hostile_max_tokens(struct turn *turn)
{
	return turn_stop(turn, "max_tokens");
}

enum step hostile_max_requests(struct turn *turn)
{
	return turn_stop(turn, "max_turn_requests");
}

enum step hostile_noise(struct turn *turn)
{
	return raw_line(turn, turn->args);
}

enum step hostile_bad_json(struct turn *turn)
{
	return raw_line(turn, SPAN_LIT("{\"jsonrpc\":\"2.0\",\"method\":\"session/upd"));
}

enum step hostile_bad_utf8(struct turn *turn)
{
	struct buf *b = &turn->text;
	rpc_notify_open(b, "session/update");
	json_open(b, '{');
	json_kv_string(b, "sessionId", turn->session->id);
	json_kv_raw(
	    b, "update",
	    SPAN_LIT("{\"sessionUpdate\":\"agent_message_chunk\",\"content\":"
		     "{\"type\":\"text\",\"text\":\"bad \xff\xc0\xaf\xed\xa0\x80 utf-8\"}}"));
	json_close(b, '}');
	json_close(b, '}');
	raw_line(turn, buf_span(b));
	update_counted(turn->agent);
	return STEP_DONE;
}

enum step hostile_empty_lines(struct turn *turn)
{
	return raw_line(turn, SPAN_LIT("\n  \n"));
}

enum step hostile_non_object(struct turn *turn)
{
	return raw_line(turn, SPAN_LIT("[1,2]\n\"str\""));
}

enum step hostile_wrong_session(struct turn *turn)
{
	return raw_line(turn, SPAN_LIT("{\"jsonrpc\":\"2.0\",\"method\":\"session/update\","
				       "\"params\":{\"sessionId\":\"mock-unknown\",\"update\":"
				       "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":"
				       "{\"type\":\"text\",\"text\":\"lost\"}}}}"));
}

enum step hostile_split(struct turn *turn)
{
	turn->agent->out.is_split = !span_is(turn->args, "off");
	return STEP_DONE;
}

enum step hostile_stderr(struct turn *turn)
{
	dprintf(STDERR_FILENO, "%.*s\n", SPAN_ARG(turn->args));
	return STEP_DONE;
}

/* Blocks while nobody reads stderr, as real agents do: that is its point. */
enum step hostile_stderr_flood(struct turn *turn)
{
	static const char line[] = "mock-agent: 0123456789 0123456789 0123456789 0123456789\n";
	uint64_t bytes;
	if (directive_size(turn, 64 * 1024, (uint64_t)1 << 30, &bytes) < 0)
		return STEP_END;
	while (bytes) {
		size_t part = bytes < sizeof(line) - 1 ? bytes : sizeof(line) - 1;
		ssize_t n = write(STDERR_FILENO, line + sizeof(line) - 1 - part, part);
		if (n < 0 && errno != EINTR)
			break;
		bytes -= n > 0 ? (uint64_t)n : 0;
	}
	return STEP_DONE;
}

enum step hostile_twice(struct turn *turn)
{
	turn->answers_twice = true;
	return STEP_DONE;
}

enum step hostile_late(struct turn *turn)
{
	return directive_number(turn, 1, HOSTILE_LATE_MAX, &turn->late_updates) < 0 ? STEP_END
										    : STEP_DONE;
}

enum step hostile_ignore_cancel(struct turn *turn)
{
	turn->ignores_cancel = true;
	return STEP_DONE;
}

enum step hostile_stall(struct turn *turn)
{
	return STEP_WAIT;
}

/* SIGALRM is not caught: nothing that was made deaf lives for ever. */
enum step hostile_stop_reading(struct turn *turn)
{
	turn->agent->is_deaf = true;
	alarm(AGENT_LIFE_S);
	return STEP_DONE;
}

enum step hostile_ignore_term(struct turn *turn)
{
	turn->agent->is_stubborn = true;
	alarm(AGENT_LIFE_S);
	return STEP_DONE;
}

/* Unblocked it ends us, blocked it comes through the descriptor. */
enum step hostile_heed_int(struct turn *turn)
{
	sigset_t one;
	(void)turn;
	sigemptyset(&one);
	sigaddset(&one, SIGINT);
	sigprocmask(SIG_BLOCK, &one, NULL);
	return STEP_DONE;
}

enum step hostile_die(struct turn *turn)
{
	uint64_t status;
	if (directive_number(turn, 1, 255, &status) < 0)
		return STEP_END;
	agent_die(turn->agent, (int)status);
}

enum step hostile_die_after(struct turn *turn)
{
	uint64_t updates, status;
	if (directive_number(turn, 1, UINT32_MAX, &updates) < 0 ||
	    directive_number(turn, 1, 255, &status) < 0)
		return STEP_END;
	turn->agent->die_after = updates;
	turn->agent->die_status = (int)status;
	return STEP_DONE;
}

/* "KILL", "SIGKILL" or "9"; 0 when there is none like it. */
static int signal_number(struct span text)
{
	uint64_t number;
	if (num_parse_u64(text, SIGRTMAX, &number) == 0)
		return (int)number;
	if (span_starts_with(text, "SIG"))
		text = (struct span){text.p + 3, text.n - 3};
	for (int i = 1; i < SIGRTMIN; i++) {
		if (span_is(text, process_signal_name(i) + strlen("SIG")))
			return i;
	}
	return 0;
}

enum step hostile_kill(struct turn *turn)
{
	int number = signal_number(turn->args);
	sigset_t one;
	struct sigaction normal = {.sa_handler = SIG_DFL};
	if (number == 0)
		return directive_bad(turn, "unknown signal");
	agent_settle(turn->agent);
	sigemptyset(&one);
	sigaddset(&one, number);
	sigaction(number, &normal, NULL);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	kill(getpid(), number);
	return STEP_DONE;
}
