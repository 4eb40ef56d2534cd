#include "print.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "json/write.h"

#include <stdio.h>

enum { FIELD_BYTES = 1024 };

void print_buf(const struct buf *b)
{
	fwrite(b->data ? b->data : "", 1, b->len, stdout);
	fflush(stdout);
}

void print_session(const struct session *session, int64_t since, int64_t turns)
{
	print_queued(session, since, turns, NULL);
}

void print_queued(const struct session *session, int64_t since, int64_t turns,
		  const char *prompt_id)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	session_open_json(&b, session);
	if (since >= 0)
		json_kv_int(&b, "since", since);
	if (turns > 0)
		json_kv_int(&b, "turns", turns);
	json_kv_string(&b, "promptId", prompt_id);
	buf_adds(&b, "}\n");
	print_buf(&b);
}

void print_add_plain(struct buf *b, struct span text, size_t columns)
{
	size_t start = b->len;
	utf8_add_repaired(b, (struct span){text.p, utf8_cut(text, columns)});
	for (size_t i = start; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];
		bool is_c1 = c == 0xc2 && i + 1 < b->len && (unsigned char)b->data[i + 1] < 0xa0;
		if (c < 0x20 || c == 0x7f)
			b->data[i] = ' ';
		if (is_c1) {
			b->data[i] = ' ';
			b->data[i + 1] = ' ';
		}
	}
}

void print_field(const char *label, const char *text)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	if (!text)
		return;
	buf_addf(&b, "%-16s ", label);
	print_add_plain(&b, span_of(text), FIELD_BYTES);
	buf_addc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
}

void print_number(const char *label, int64_t number)
{
	printf("%-16s %lld\n", label, (long long)number);
}
