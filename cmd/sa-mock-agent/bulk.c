#include "bulk.h"

#include "base/clock.h"
#include "base/num.h"
#include "directive.h"
#include "rpc.h"
#include "update.h"
#include "json/scan.h"
#include "json/write.h"

#include <inttypes.h>

#define BULK_COUNT_MAX ((uint64_t)1 << 40)
#define BULK_PAD_MAX ((uint64_t)1 << 20)
#define BULK_LINE_MAX ((uint64_t)256 << 20)

enum step bulk_wait(struct turn *turn)
{
	int64_t ms;
	if (turn->wake == DEADLINE_NEVER) {
		if (num_parse_duration_ms(turn->args, &ms) < 0)
			return directive_bad(turn, "bad duration");
		if (ms == 0)
			return STEP_DONE;
		turn->wake = deadline_after(ms);
	}
	return deadline_poll_ms(turn->wake) == 0 ? STEP_DONE : STEP_WAIT;
}

enum step bulk_repeat(struct turn *turn)
{
	if (turn->at == 0 && directive_number(turn, 1, BULK_COUNT_MAX, &turn->count) < 0)
		return STEP_END;
	if (turn->at < turn->count)
		update_text(turn->agent, turn->session, "agent_message_chunk", turn->args);
	return turn->at + 1 < turn->count ? STEP_AGAIN : STEP_DONE;
}

/* What every line of a flood begins with: made once. */
static void chunk_head(struct buf *b, const struct session *session)
{
	rpc_notify_open(b, "session/update");
	json_open(b, '{');
	json_kv_string(b, "sessionId", session->id);
	json_key(b, "update");
	json_open(b, '{');
	json_kv_string(b, "sessionUpdate", "agent_message_chunk");
	json_key(b, "content");
	json_open(b, '{');
	json_kv_string(b, "type", "text");
	json_key(b, "text");
	buf_addc(b, '"');
}

#define CHUNK_TAIL "\"}}}}\n"

static void add_padding(struct buf *b, uint64_t n)
{
	static const char dots[] =
	    "................................................................";
	for (; n >= sizeof(dots) - 1; n -= sizeof(dots) - 1)
		buf_add(b, dots, sizeof(dots) - 1);
	buf_add(b, dots, n);
}

/* Decimal digits into the end of out (21 bytes), as buf_addf would be slow here. */
static struct span digits(uint64_t value, char *out)
{
	char *p = out + 20;
	do
		*--p = (char)('0' + value % 10);
	while (value /= 10);
	return (struct span){p, (size_t)(out + 20 - p)};
}

/* One step fills the output up to its mark. turn->wake holds no time here. */
enum step bulk_flood(struct turn *turn)
{
	struct agent *agent = turn->agent;
	struct buf *out = &agent->out.queue;
	uint64_t pad;
	struct span all = turn->args;
	if (directive_number(turn, 0, BULK_COUNT_MAX, &turn->count) < 0 ||
	    directive_size(turn, 0, BULK_PAD_MAX, &pad) < 0)
		return STEP_END;
	turn->args = all; /* read anew at each step */
	if (turn->text.len == 0)
		chunk_head(&turn->text, turn->session);
	while (turn->at < turn->count && !out_is_busy(&agent->out)) {
		char number[20];
		struct span n = digits(++turn->at, number);
		buf_add(out, turn->text.data, turn->text.len);
		buf_add(out, "u ", 2);
		buf_add_span(out, n);
		buf_addc(out, ' ');
		if (pad > n.n + 3)
			add_padding(out, pad - n.n - 3);
		buf_add(out, CHUNK_TAIL, sizeof(CHUNK_TAIL) - 1);
		update_counted(agent);
	}
	if (turn->at >= turn->count)
		return STEP_DONE;
	turn->at--; /* STEP_AGAIN counts one */
	return STEP_AGAIN;
}

enum step bulk_bigline(struct turn *turn)
{
	struct buf *out = &turn->agent->out.queue;
	uint64_t size;
	if (directive_size(turn, 1 << 20, BULK_LINE_MAX, &size) < 0)
		return STEP_END;
	chunk_head(&turn->text, turn->session);
	size_t own = turn->text.len + sizeof(CHUNK_TAIL) - 2; /* without the newline */
	buf_reserve(out, (size > own ? size : own) + 1);
	buf_add(out, turn->text.data, turn->text.len);
	add_padding(out, size > own ? size - own : 0);
	buf_add(out, CHUNK_TAIL, sizeof(CHUNK_TAIL) - 1);
	update_counted(turn->agent);
	return STEP_DONE;
}

/* One record of the history a step. */
enum step bulk_replay(struct turn *turn)
{
	static const char *const names[] = {"prompt", "update"};
	struct span record, values[2], block;
	struct session *session = turn->session;
	if (turn->at == 0 && store_reader_open(&turn->reader, &turn->agent->store, session->id) < 0)
		return STEP_DONE;
	if (!store_reader_next(&turn->reader, &record))
		return STEP_DONE;
	json_members(record, names, values, 2);
	if (json_type(values[0]) == JSON_ARRAY) {
		struct json_iter it = json_iter(values[0]);
		while (json_next(&it, NULL, &block))
			update_block(turn->agent, session, "user_message_chunk", block);
	}
	if (json_type(values[1]) == JSON_OBJECT)
		update_raw(turn->agent, session, values[1], false);
	return STEP_AGAIN;
}
