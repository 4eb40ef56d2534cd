/*
 * The table of adversarial requests, tests/http/adversarial/: each is fed
 * whole, byte by byte, and in two pieces cut at every position, and must
 * get the verdict that the table says, each time.
 *
 * With --list: name, verdict, why and the bytes in hexadecimal, separated
 * by tabs, for scripts/compare-http.
 */
#include "http/stream.h"
#include "tap.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "http/octet.h"

#include <glob.h>

/* Longer inputs are cut at a sample of positions only. */
enum { EVERY_CUT_BYTES = 2048, SAMPLE_STEP = 997, EDGE_BYTES = 64 };

struct row {
	char name[80];
	char want[256];
	char why[256];
	struct buf bytes;
};

/* Escapes: \r \n \t \0 \\ \xNN. Returns false when malformed. */
static bool add_plain(struct buf *b, struct span text)
{
	static const char from[] = "rnt0\\", to[] = "\r\n\t\0\\";
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\\') {
			buf_addc(b, text.p[i]);
			continue;
		}
		if (++i == text.n)
			return false;
		const char *known = memchr(from, text.p[i], sizeof(from) - 1);
		if (known) {
			buf_addc(b, to[known - from]);
			continue;
		}
		if (text.p[i] != 'x' || text.n - i < 3 || http_hex_value(text.p[i + 1]) < 0 ||
		    http_hex_value(text.p[i + 2]) < 0)
			return false;
		buf_addc(
		    b, (char)(http_hex_value(text.p[i + 1]) << 4 | http_hex_value(text.p[i + 2])));
		i += 2;
	}
	return true;
}

/* The same with \*N(text): text N times. */
static bool add_bytes(struct buf *b, struct span text)
{
	while (text.n) {
		const char *star = memmem(text.p, text.n, "\\*", 2);
		struct span plain = {text.p, star ? (size_t)(star - text.p) : text.n};
		if (!add_plain(b, plain))
			return false;
		text = (struct span){text.p + plain.n, text.n - plain.n};
		if (!star)
			break;
		const char *open = memchr(text.p, '(', text.n);
		const char *close = memchr(text.p, ')', text.n);
		uint64_t count;
		if (!open || !close || close < open ||
		    num_parse_u64((struct span){text.p + 2, (size_t)(open - text.p) - 2}, 1000000,
				  &count) < 0)
			return false;
		struct span unit = {open + 1, (size_t)(close - open) - 1};
		while (count--)
			if (!add_plain(b, unit))
				return false;
		text = (struct span){close + 1, text.n - (size_t)(close + 1 - text.p)};
	}
	return true;
}

static void copy(char *to, size_t size, struct span from)
{
	snprintf(to, size, "%.*s", SPAN_ARG(from));
}

static struct span run(struct stream *s, struct span bytes, size_t cut, size_t step)
{
	stream_init(s);
	size_t at = 0;
	while (at < bytes.n) {
		size_t n = at < cut ? cut - at : bytes.n - at;
		if (step && n > step)
			n = step;
		/* A copy of its own, so that a sanitizer sees reads past the end. */
		char *piece = malloc(n);
		memcpy(piece, bytes.p + at, n);
		stream_feed(s, (struct span){piece, n});
		free(piece);
		at += n;
	}
	return stream_end(s);
}

static void check_row(const struct row *row)
{
	struct span bytes = buf_span(&row->bytes);
	struct stream whole, single, two;
	char name[128];
	snprintf(name, sizeof(name), "%s", row->name);
	is_text(run(&whole, bytes, 0, 0), row->want, name);
	stream_free(&whole);
	snprintf(name, sizeof(name), "%s, byte by byte", row->name);
	is_text(run(&single, bytes, 0, 1), row->want, name);
	stream_free(&single);
	bool is_same = true;
	for (size_t cut = 1; cut < bytes.n && is_same; cut++) {
		if (bytes.n > EVERY_CUT_BYTES && cut > EDGE_BYTES && cut + EDGE_BYTES < bytes.n &&
		    cut % SAMPLE_STEP)
			continue;
		is_same = span_is(run(&two, bytes, cut, 0), row->want);
		if (!is_same)
			fprintf(stderr, "# cut at %zu: %.*s\n", cut, SPAN_ARG(buf_span(&two.log)));
		stream_free(&two);
	}
	ok(is_same, "%s, cut anywhere", row->name);
}

static void list_row(const struct row *row)
{
	struct stream s;
	struct span verdict = run(&s, buf_span(&row->bytes), 0, 0);
	printf("%s\t%.*s\t%s\t", row->name, SPAN_ARG(verdict), row->why);
	for (size_t i = 0; i < row->bytes.len; i++)
		printf("%02x", (unsigned char)row->bytes.data[i]);
	putchar('\n');
	stream_free(&s);
}

/* Finish the block that was read, if there is one. */
static void end_row(struct row *row, bool is_list)
{
	if (row->name[0] && row->want[0] && row->why[0]) {
		if (is_list)
			list_row(row);
		else
			check_row(row);
	} else if (row->name[0]) {
		ok(false, "%s has name, why, send and want", row->name);
	}
	row->name[0] = row->want[0] = row->why[0] = '\0';
	buf_clear(&row->bytes);
}

static void read_line(struct row *row, struct span line, bool is_list)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct span key = {line.p, colon ? (size_t)(colon - line.p) : 0};
	struct span value = {line.p + key.n + 1, line.n - key.n - (colon != NULL)};
	if (value.n && value.p[0] == ' ') {
		value.p++;
		value.n--;
	}
	if (line.n == 0)
		end_row(row, is_list);
	else if (span_is(key, "name"))
		copy(row->name, sizeof(row->name), value);
	else if (span_is(key, "why"))
		copy(row->why, sizeof(row->why), value);
	else if (span_is(key, "want"))
		copy(row->want, sizeof(row->want), value);
	else if (line.p[0] != '#' && (!span_is(key, "send") || !add_bytes(&row->bytes, value)))
		ok(false, "a line of the table is understood: %.*s", SPAN_ARG(line));
}

static void read_file(const char *path, bool is_list)
{
	cleanup_fclose FILE *f = fopen(path, "r");
	cleanup_free char *text = NULL;
	size_t size = 0;
	struct row row = {.bytes = BUF_INIT(BUF_MAX_OWN)};
	if (!f) {
		ok(false, "%s can be read", path);
		return;
	}
	for (ssize_t n = getline(&text, &size, f); n > 0; n = getline(&text, &size, f))
		read_line(&row, (struct span){text, (size_t)n - (text[n - 1] == '\n')}, is_list);
	end_row(&row, is_list);
	buf_free(&row.bytes);
}

int main(int argc, char **argv)
{
	bool is_list = argc > 1 && strcmp(argv[1], "--list") == 0;
	glob_t files;
	if (glob("tests/http/adversarial/*.txt", 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc; i++)
			read_file(files.gl_pathv[i], is_list);
		globfree(&files);
	}
	if (is_list)
		return 0;
	ok(tap_count > 300, "the table is there");
	return done_testing();
}
