#include "frames.h"

#include "base/base64.h"
#include "json/scan.h"

#include <stdint.h>
#include <string.h>

/* Invalid base64 and too much of it look the same to base64_decode(). */
static int decode_base64(struct span text, struct buf *b, struct sa_error *err)
{
	struct buf bytes = BUF_INIT(text.n);
	int rc = base64_decode(&bytes, text);
	if (rc < 0)
		error_set(err, PROBLEM_INVALID_REQUEST, "data is not valid base64");
	else if (buf_add_span(b, buf_span(&bytes)) < 0)
		rc = error_set(err, PROBLEM_TOO_LARGE, "more than %zu bytes of input at once",
			       b->max);
	buf_free(&bytes);
	return rc;
}

int frame_decode(struct span data, struct span encoding, const char *fallback, struct buf *b,
		 struct sa_error *err)
{
	struct buf text = BUF_INIT(BUF_MAX_OWN), name = BUF_INIT(BUF_MAX_OWN);
	int rc = 0;
	if (json_type(encoding) == JSON_NULL)
		encoding = SPAN_NONE;
	if (encoding.p && json_string_add(&name, encoding) < 0)
		rc = error_set(err, PROBLEM_INVALID_REQUEST, "encoding is a string");
	else if (json_type(data) != JSON_STRING || json_string_add(&text, data) < 0)
		rc = error_set(err, PROBLEM_INVALID_REQUEST, "data is a string");
	struct span which = encoding.p ? buf_span(&name) : span_of(fallback);
	if (rc == 0 && span_is(which, "base64"))
		rc = decode_base64(buf_span(&text), b, err);
	else if (rc == 0 && !span_is(which, "utf8") && !span_is(which, "text"))
		rc = error_set(err, PROBLEM_INVALID_REQUEST,
			       "encoding is base64, utf8 or text, not '%.*s'",
			       which.n < 100 ? (int)which.n : 100, which.p);
	else if (rc == 0 && buf_add_span(b, buf_span(&text)) < 0)
		rc = error_set(err, PROBLEM_TOO_LARGE, "more than %zu bytes of input at once",
			       b->max);
	buf_free(&text);
	buf_free(&name);
	return rc;
}

static int parse_resize(struct span frame, struct frame *ret, struct sa_error *err)
{
	int64_t cols = json_int_or(json_get(frame, "cols"), 0);
	int64_t rows = json_int_or(json_get(frame, "rows"), 0);
	if (cols < 1 || cols > UINT16_MAX || rows < 1 || rows > UINT16_MAX)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "cols and rows are whole numbers from 1 to 65535");
	ret->kind = FRAME_RESIZE;
	ret->cols = (int)cols;
	ret->rows = (int)rows;
	return 0;
}

int frame_parse(struct span text, struct frame *ret, struct sa_error *err)
{
	text = span_trim(text);
	if (json_check(text, NULL) < 0 || json_type(text) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST, "a frame is a JSON object");
	struct span type = json_get(text, "type");
	if (json_string_is(type, "input")) {
		ret->kind = FRAME_INPUT;
		return frame_decode(json_get(text, "data"), json_get(text, "encoding"), "text",
				    &ret->input, err);
	}
	if (json_string_is(type, "resize"))
		return parse_resize(text, ret, err);
	if (json_string_is(type, "close")) {
		ret->kind = FRAME_CLOSE;
		return 0;
	}
	return error_set(err, PROBLEM_INVALID_REQUEST, "a frame's type is input, resize or close");
}
