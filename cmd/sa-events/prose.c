#include "prose.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "cli/plain.h"

#include <stdint.h>
#include <string.h>

#define BOLD "\033[1m"
#define CODE "\033[36m"
#define RESET "\033[0m"

void prose_begin(struct prose *p, const char *base)
{
	*p = (struct prose){
	    .width = p->width,
	    .has_color = p->has_color,
	    .base = base,
	    .is_line_start = true,
	};
}

size_t prose_columns(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		size_t columns;
	} ranges[] = {
	    {0x300, 0x36f, 0},	   {0x200b, 0x200f, 0},	   {0xfe00, 0xfe0f, 0},
	    {0x1100, 0x115f, 2},   {0x2e80, 0x303e, 2},	   {0x3041, 0xa4cf, 2},
	    {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},	   {0xfe30, 0xfe6f, 2},
	    {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},	   {0x1f300, 0x1faff, 2},
	    {0x20000, 0x3fffd, 2},
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].columns;
	return 1;
}

/* The colours that hold now, anew. */
static void paint(const struct prose *p, struct buf *out)
{
	if (!p->has_color)
		return;
	buf_adds(out, RESET);
	buf_adds(out, p->base);
	if (p->is_heading || p->is_bold)
		buf_adds(out, BOLD);
	if (p->is_code || p->is_fence || p->is_fence_line)
		buf_adds(out, CODE);
}

static void end_line(struct prose *p, struct buf *out)
{
	bool is_painted = p->is_heading || p->is_fence_line || p->is_code || p->is_bold;
	/* Marks that do not close on their line are likely to be none. */
	p->is_heading = p->is_fence_line = p->is_code = p->is_bold = false;
	if (is_painted)
		paint(p, out);
	buf_addc(out, '\n');
	p->column = 0;
	p->is_line_start = true;
	p->is_word_open = false;
}

/* The word that began at word_at goes to a line of its own. */
static void move_word(struct prose *p, struct buf *out)
{
	char *word = out->data + p->word_at;
	size_t n = out->len - p->word_at;
	/* The blank in front of it becomes the line's end. */
	if (p->word_at && word[-1] == ' ')
		word[-1] = '\n';
	else
		return;
	p->column = 0;
	for (size_t i = 0; i < n;) {
		uint32_t c;
		size_t step = utf8_decode((struct span){word + i, n - i}, &c);
		if (word[i] == '\033') /* a colour: up to its m */
			while (i + 1 < n && word[i] != 'm')
				i++;
		else
			p->column += step ? prose_columns(c) : 1;
		i += step ? step : 1;
	}
}

static void add_character(struct prose *p, struct buf *out, struct span bytes, uint32_t c)
{
	bool is_blank = c == ' ' || c == '\t';
	bool is_wrapped = p->width && !p->is_fence && !p->is_fence_line;
	size_t columns = c == '\t' ? 8 - p->column % 8 : prose_columns(c);
	p->is_line_start = false;
	if (is_blank) {
		p->is_word_open = false;
		/* A blank that does not fit is what the line is broken at. */
		if (is_wrapped && p->column + columns > p->width) {
			buf_addc(out, '\n');
			p->column = 0;
			return;
		}
	} else if (!p->is_word_open) {
		p->is_word_open = true;
		p->word_at = out->len;
	}
	if (!is_blank && is_wrapped && p->column + columns > p->width) {
		move_word(p, out);
		/* A word longer than the line is cut. */
		if (p->column + columns > p->width) {
			buf_addc(out, '\n');
			p->column = 0;
			p->word_at = out->len;
		}
	}
	buf_add_span(out, bytes);
	p->column += columns;
}

/* A run of marks has ended: what does it mean? */
static void end_mark(struct prose *p, struct buf *out, bool is_before_blank)
{
	char mark = p->mark;
	size_t count = p->mark_count;
	bool was_line_start = p->is_line_start;
	if (!mark)
		return;
	p->mark = 0;
	p->mark_count = 0;
	bool is_fence_mark = mark == '`' && count >= 3 && was_line_start;
	bool is_code_mark = mark == '`' && count == 1 && !p->is_fence;
	bool is_bold_mark = mark == '*' && count == 2 && !p->is_fence && !p->is_code &&
			    (p->is_bold || !is_before_blank);
	bool is_heading_mark =
	    mark == '#' && count <= 6 && was_line_start && is_before_blank && !p->is_fence;
	bool is_opening = (is_code_mark && !p->is_code) || (is_bold_mark && !p->is_bold);
	if (is_fence_mark) {
		p->is_fence = !p->is_fence;
		p->is_fence_line = true;
	}
	p->is_heading = p->is_heading || is_heading_mark;
	if (is_code_mark && is_opening)
		p->is_code = true;
	if (is_bold_mark && is_opening)
		p->is_bold = true;
	if (is_fence_mark || is_heading_mark || is_opening)
		paint(p, out);
	for (size_t i = 0; i < count; i++)
		add_character(p, out, (struct span){&mark, 1}, (uint32_t)mark);
	if ((is_code_mark || is_bold_mark) && !is_opening) {
		p->is_code = p->is_code && !is_code_mark;
		p->is_bold = p->is_bold && !is_bold_mark;
		paint(p, out);
	}
}

void prose_add(struct prose *p, struct buf *out, struct span text)
{
	cleanup_buf struct buf clean = BUF_INIT(BUF_MAX_OWN);
	plain_add(&clean, text);
	text = buf_span(&clean);
	/* What is in out already may have been printed with colours: it is not ours to move. */
	p->is_word_open = false;
	while (text.n) {
		uint32_t c = 0;
		size_t n = utf8_decode(text, &c);
		struct span bytes = {text.p, n ? n : 1};
		text.p += bytes.n;
		text.n -= bytes.n;
		bool is_mark = c == '`' || c == '*' || (c == '#' && p->is_line_start);
		if (is_mark && (!p->mark || p->mark == (char)c)) {
			p->mark = (char)c;
			p->mark_count++;
			continue;
		}
		end_mark(p, out, c == ' ' || c == '\n');
		if (is_mark) {
			p->mark = (char)c;
			p->mark_count = 1;
		} else if (c == '\n') {
			end_line(p, out);
		} else {
			add_character(p, out, bytes, c);
		}
	}
}

void prose_end(struct prose *p, struct buf *out)
{
	end_mark(p, out, true);
	if (p->has_color && (*p->base || p->is_heading || p->is_bold || p->is_code || p->is_fence))
		buf_adds(out, RESET);
}
