#include "input.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "block.h"
#include "handshake.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- text ------------------------------------------------------------------------ */

/* What is left of stdin: a session record may have been read from it already, by stdio. */
static int read_stdin(struct buf *text, struct sa_error *err)
{
	char chunk[64 * 1024];
	size_t n;
	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		if (buf_add(text, chunk, n) < 0)
			return error_set(err, PROBLEM_TOO_LARGE,
					 "a prompt of more than %d MiB on standard input",
					 INPUT_BYTES_MAX >> 20);
	return ferror(stdin) ? error_set(err, PROBLEM_FAILED, "standard input cannot be read") : 0;
}

static int read_text_file(const char *path, struct buf *text, struct sa_error *err)
{
	if (strcmp(path, "-") == 0)
		return read_stdin(text, err);
	cleanup_buf struct buf data = BUF_INIT(INPUT_BYTES_MAX);
	if (io_read_file(path, &data, err) < 0)
		return -1;
	buf_add_span(text, buf_span(&data));
	return 0;
}

static int read_text(const struct input_options *o, int argc, char **argv, struct buf *text,
		     struct sa_error *err)
{
	bool is_dash = argc == 1 && strcmp(argv[0], "-") == 0;
	for (int i = 0; i < argc && !is_dash; i++)
		buf_addf(text, "%s%s", i ? " " : "", argv[i]);
	for (size_t i = 0; i < o->files.count; i++) {
		if (text->len && text->data[text->len - 1] != '\n')
			buf_addc(text, '\n');
		if (read_text_file(o->files.items[i], text, err) < 0)
			return -1;
	}
	if (is_dash || (argc == 0 && !o->files.count && !isatty(STDIN_FILENO)))
		return read_stdin(text, err);
	return 0;
}

/* --- JSON blocks ------------------------------------------------------------------ */

static int add_block(struct buf *b, struct span block, struct sa_error *err)
{
	if (json_type(json_get(block, "type")) != JSON_STRING)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a content block is an object with a type, such as "
				 "{\"type\":\"text\",\"text\":\"hello\"}");
	json_add_raw(b, block);
	return 0;
}

static int add_value(struct buf *b, struct span value, struct sa_error *err)
{
	struct json_iter it = json_iter(value);
	struct span block;
	if (json_type(value) != JSON_ARRAY)
		return add_block(b, value, err);
	while (json_next(&it, NULL, &block))
		if (add_block(b, block, err) < 0)
			return -1;
	return 0;
}

/* One value over several lines, or one on each line. */
static int add_json(struct buf *b, struct span text, struct sa_error *err)
{
	size_t bad = 0;
	int number = 0;
	text = span_trim(text);
	if (json_check(text, NULL) == 0)
		return add_value(b, text, err);
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		struct span line = span_trim((struct span){text.p, n});
		number++;
		if (line.n && json_check(line, &bad) < 0)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "the prompt is not JSON (line %d, byte %zu)", number,
					 bad + 1);
		if (line.n && add_value(b, line, err) < 0)
			return -1;
		n += end ? 1 : 0;
		text.p += n;
		text.n -= n;
	}
	return 0;
}

/* --- all of it -------------------------------------------------------------------- */

typedef int add_fn(struct buf *b, const char *path, struct sa_error *err);

static int add_list(struct buf *b, const struct string_list *list, add_fn *add,
		    struct sa_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		if (add(b, list->items[i], err) < 0)
			return -1;
	}
	return 0;
}

int input_read(const struct input_options *o, int argc, char **argv, struct buf *ret,
	       struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(INPUT_BYTES_MAX);
	if (read_text(o, argc, argv, &text, err) < 0)
		return -1;
	struct span words = buf_span(&text);
	if (!utf8_is_valid(words))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the prompt is not UTF-8 text; --attach and --image take files");
	json_open(ret, '[');
	if (o->is_blocks && add_json(ret, words, err) < 0)
		return -1;
	if (!o->is_blocks && span_trim(words).n)
		block_add_text(ret, words);
	if (add_list(ret, &o->images, block_add_image, err) < 0 ||
	    add_list(ret, &o->attachments, block_add_file, err) < 0 ||
	    add_list(ret, &o->links, block_add_link, err) < 0)
		return -1;
	json_close(ret, ']');
	if (text.is_overflowed || ret->is_overflowed || ret->len > INPUT_BYTES_MAX)
		return error_set(err, PROBLEM_TOO_LARGE, "a prompt of more than %d MiB",
				 INPUT_BYTES_MAX >> 20);
	if (ret->len == 2)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a prompt wants a text: as an operand, with -f FILE, or on "
				 "standard input");
	return 0;
}

int input_check(const struct connection *c, struct span blocks, struct sa_error *err)
{
	static const char *const needs[][3] = {
	    {"image", "promptCapabilities.image", "images"},
	    {"audio", "promptCapabilities.audio", "audio"},
	    {"resource", "promptCapabilities.embeddedContext",
	     "embedded files; --link names a file that it can read itself"},
	};
	struct json_iter it = json_iter(blocks);
	struct span block;
	while (c->server.initialize_json && json_next(&it, NULL, &block))
		for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
			if (json_string_is(json_get(block, "type"), needs[i][0]) &&
			    !handshake_can(c, needs[i][1]))
				return error_set(err, PROBLEM_INVALID_REQUEST,
						 "agent '%s' takes no %s", c->server.agent,
						 needs[i][2]);
	return 0;
}
