#include "cli/plain.h"

#include "base/utf8.h"
#include "json/scan.h"

#include <stdint.h>

void plain_add(struct buf *b, struct span text)
{
	while (text.n) {
		uint32_t c = 0;
		size_t n = utf8_decode(text, &c);
		size_t step = n ? n : 1;
		if (n == 1 && c < 0x20 && c != '\n' && c != '\t') {
			buf_addc(b, '^');
			buf_addc(b, (char)(c + '@'));
		} else if (n == 1 && c == 0x7f) {
			buf_adds(b, "^?");
		} else if (n && !(c >= 0x80 && c < 0xa0)) {
			buf_add(b, text.p, n);
		}
		text.p += step;
		text.n -= step;
	}
}

void plain_add_json(struct buf *b, struct span value)
{
	struct span simple = json_string_plain(value);
	if (simple.p) {
		plain_add(b, simple);
		return;
	}
	struct buf text = BUF_INIT(BUF_MAX_OWN);
	if (json_string_add(&text, value) == 0)
		plain_add(b, buf_span(&text));
	buf_free(&text);
}
