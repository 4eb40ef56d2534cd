#include "replay.h"

#include <stdbool.h>
#include <string.h>

#define ESC '\033'
#define BEL '\007'
#define ENQ '\005'
#define CAN '\030'
#define SUB '\032'

static bool has(const char *set, char c)
{
	return c && strchr(set, c) != NULL;
}

/* --- what asks for an answer ---------------------------------------------------------- */

/* "ESC [ parameters intermediates final": text is parameters and intermediates. */
static bool is_asking_csi(struct span text, char final)
{
	bool has_dollar = text.n && text.p[text.n - 1] == '$';
	bool is_private = text.n && has("<=>?", text.p[0]);
	switch (final) {
	case 'c': /* DA1, DA2, DA3; with "?" it is an answer itself */
	case 'n': /* DSR, DECDSR */
	case 'q': /* XTVERSION is "> q"; DECSCUSR is "SP q" */
		return final != 'q' || (is_private && text.p[0] == '>');
	case 'p': /* DECRQM */
		return has_dollar;
	case 'u': /* the kitty keyboard's state; others set it or restore the cursor */
		return text.n == 1 && text.p[0] == '?';
	case 'x': /* DECREQTPARM */
		return !is_private && (text.n == 0 || (text.n == 1 && has("01", text.p[0])));
	case 't': /* window reports: 11, 13 to 16, 18 to 21 */
		return !is_private && text.n >= 2 && (text.p[0] == '1' || text.p[0] == '2') &&
		       has(text.p[0] == '1' ? "1345689" : "01", text.p[1]) &&
		       (text.n == 2 || text.p[2] == ';');
	default:
		return false;
	}
}

/* "ESC ] text": a query's last parameter is "?". "ESC P text": DECRQSS, XTGETTCAP. */
static bool is_asking_string(char kind, struct span text)
{
	if (kind == ']')
		return text.n >= 2 && text.p[text.n - 1] == '?' && text.p[text.n - 2] == ';';
	return span_starts_with(text, "$q") || span_starts_with(text, "+q");
}

/* --- the state machine ---------------------------------------------------------------- */

static void pass(struct replay *r, struct buf *out, enum replay_state state)
{
	buf_add(out, r->held, r->held_len);
	r->held_len = 0;
	r->state = state;
}

static void forget(struct replay *r)
{
	r->held_len = 0;
	r->state = REPLAY_TEXT;
}

static void begin(struct replay *r)
{
	r->held[0] = ESC;
	r->held_len = 1;
	r->state = REPLAY_ESCAPE;
}

/* The string in held is complete; tail bytes of it are its end. */
static void end_string(struct replay *r, size_t tail, struct buf *out)
{
	struct span text = {r->held + 2, r->held_len - 2 - tail};
	if (is_asking_string(r->held[1], text))
		forget(r);
	else
		pass(r, out, REPLAY_TEXT);
}

static void in_escape(struct replay *r, char c, struct buf *out)
{
	if (c == '[')
		r->state = REPLAY_CSI;
	else if (c == ']' || c == 'P')
		r->state = REPLAY_STRING;
	else if (c == 'Z') /* DECID */
		forget(r);
	else
		pass(r, out, REPLAY_TEXT);
}

/* DECSTBM, and DECSET of 47, 1047, 1049. */
static bool is_fullscreen_csi(struct span text, char final)
{
	bool has_parameter = text.n && text.p[0] >= '0' && text.p[0] <= '9';
	return (final == 'r' && has_parameter) ||
	       (final == 'h' &&
		(span_is(text, "?47") || span_is(text, "?1047") || span_is(text, "?1049")));
}

static void in_csi(struct replay *r, char c, struct buf *out)
{
	if (c < 0x40 || c > 0x7e) {
		/* Parameters and intermediates are 0x20 to 0x3f; all else ends it unfinished. */
		if (c < 0x20 || c > 0x3f)
			pass(r, out, REPLAY_TEXT);
		return;
	}
	struct span text = {r->held + 2, r->held_len - 3};
	r->is_fullscreen = r->is_fullscreen || is_fullscreen_csi(text, c);
	if (is_asking_csi(text, c))
		forget(r);
	else
		pass(r, out, REPLAY_TEXT);
}

static void in_string(struct replay *r, char c, struct buf *out)
{
	if (r->state == REPLAY_STRING_ESCAPE) {
		if (c == '\\')
			end_string(r, 2, out);
		else
			pass(r, out, REPLAY_TEXT);
	} else if (c == BEL) {
		end_string(r, 1, out);
	} else if (c == ESC) {
		r->state = REPLAY_STRING_ESCAPE;
	} else if (c == CAN || c == SUB) {
		pass(r, out, REPLAY_TEXT);
	}
}

static void in_long(struct replay *r, char c, struct buf *out)
{
	buf_addc(out, c);
	if (r->state == REPLAY_LONG_ESCAPE || c == BEL || c == CAN || c == SUB)
		r->state = c == ESC ? REPLAY_LONG_ESCAPE : REPLAY_TEXT;
	else if (c == ESC)
		r->state = REPLAY_LONG_ESCAPE;
}

static void step(struct replay *r, char c, struct buf *out)
{
	if (r->state == REPLAY_LONG || r->state == REPLAY_LONG_ESCAPE) {
		in_long(r, c, out);
		return;
	}
	/* A sequence within a sequence: the first one was none. */
	if (c == ESC && (r->state == REPLAY_ESCAPE || r->state == REPLAY_CSI)) {
		pass(r, out, REPLAY_TEXT);
		begin(r);
		return;
	}
	if (r->held_len == REPLAY_HELD_MAX) {
		bool is_string = r->state == REPLAY_STRING || r->state == REPLAY_STRING_ESCAPE;
		pass(r, out, is_string ? REPLAY_LONG : REPLAY_TEXT);
		step(r, c, out);
		return;
	}
	r->held[r->held_len++] = c;
	if (r->state == REPLAY_ESCAPE)
		in_escape(r, c, out);
	else if (r->state == REPLAY_CSI)
		in_csi(r, c, out);
	else
		in_string(r, c, out);
}

void replay_add(struct replay *r, struct span data, struct buf *out)
{
	size_t i = 0;
	while (i < data.n) {
		if (r->state != REPLAY_TEXT) {
			step(r, data.p[i++], out);
			continue;
		}
		size_t start = i;
		while (i < data.n && data.p[i] != ESC && data.p[i] != ENQ)
			i++;
		buf_add(out, data.p + start, i - start);
		if (i == data.n)
			return;
		if (data.p[i++] == ESC)
			begin(r);
	}
}

void replay_end(struct replay *r, struct buf *out)
{
	/* Between two sequences only; the cursor stays. */
	if (r->is_fullscreen && r->state == REPLAY_TEXT)
		buf_adds(out, "\0337\033[r\0338");
	pass(r, out, REPLAY_TEXT);
}
