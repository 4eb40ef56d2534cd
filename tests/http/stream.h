/*
 * A connection without a socket: takes bytes in any pieces, runs them
 * through the head parser and the body readers as a server would, and
 * writes down what it took them for:
 *
 *   GET / | POST /x body=5 close | 400
 *
 * One entry per request: method, target (its length when long), then "body=N" (decoded bytes, when
 * there was a length or chunks), "1.0", "continue", "upgrade", "close". A
 * refusal is its status and ends the connection, as does "close". "more"
 * at the end: the last request is not complete.
 */
#ifndef SA_TESTS_HTTP_STREAM_H
#define SA_TESTS_HTTP_STREAM_H

#include "base/buf.h"
#include "http/chunked.h"
#include "http/request.h"

#include <inttypes.h>

enum {
	STREAM_BODY_BYTES_MAX = 1024 * 1024,
	STREAM_TARGET_SHOWN_BYTES = 100, /* longer ones by their length */
};

enum stream_state { STREAM_HEAD, STREAM_LENGTH, STREAM_CHUNKED, STREAM_CLOSED };

struct stream {
	struct buf in;	/* what has not been taken yet */
	struct buf log; /* the verdicts */
	struct buf flags;
	size_t seen; /* bytes of in that the head parser was asked about */
	enum stream_state state;
	uint64_t left_bytes;
	uint64_t body_bytes;
	bool has_body;
	bool is_keep_alive;
	struct http_chunked chunked;
};

static inline void stream_init(struct stream *s)
{
	*s = (struct stream){.in = BUF_INIT(BUF_MAX_OWN),
			     .log = BUF_INIT(BUF_MAX_OWN),
			     .flags = BUF_INIT(BUF_MAX_OWN)};
}

static inline void stream_free(struct stream *s)
{
	buf_free(&s->in);
	buf_free(&s->log);
	buf_free(&s->flags);
}

static inline void stream_separate(struct stream *s)
{
	if (s->log.len)
		buf_adds(&s->log, " | ");
}

static inline void stream_refuse(struct stream *s, int status)
{
	/* The request of a bad body has its entry begun already: the refusal takes its place. */
	stream_separate(s);
	buf_addf(&s->log, "%d", status);
	s->state = STREAM_CLOSED;
}

static inline void stream_end_request(struct stream *s)
{
	stream_separate(s);
	buf_add_span(&s->log, buf_span(&s->flags));
	if (s->has_body)
		buf_addf(&s->log, " body=%" PRIu64, s->body_bytes);
	if (!s->is_keep_alive)
		buf_adds(&s->log, " close");
	s->state = s->is_keep_alive ? STREAM_HEAD : STREAM_CLOSED;
	s->seen = 0;
}

static inline void stream_begin_request(struct stream *s, const struct http_request *r)
{
	buf_clear(&s->flags);
	buf_add_span(&s->flags, r->method);
	buf_addc(&s->flags, ' ');
	if (r->target.text.n <= STREAM_TARGET_SHOWN_BYTES)
		buf_add_span(&s->flags, r->target.text);
	else
		buf_addf(&s->flags, "(%zu bytes)", r->target.text.n);
	if (r->minor_version == 0)
		buf_adds(&s->flags, " 1.0");
	if (r->expects_continue)
		buf_adds(&s->flags, " continue");
	if (r->has_upgrade)
		buf_adds(&s->flags, " upgrade");
	s->is_keep_alive = r->is_keep_alive;
	s->has_body = r->is_chunked || r->has_content_length;
	s->body_bytes = 0;
	s->left_bytes = (uint64_t)r->content_length;
	buf_consume(&s->in, r->head_bytes);
	if (s->left_bytes > STREAM_BODY_BYTES_MAX) {
		stream_refuse(s, 413);
	} else if (r->is_chunked) {
		http_chunked_init(&s->chunked, STREAM_BODY_BYTES_MAX);
		s->state = STREAM_CHUNKED;
	} else if (s->left_bytes) {
		s->state = STREAM_LENGTH;
	} else {
		stream_end_request(s);
	}
}

/* false: nothing more can be done with these bytes. */
static inline bool stream_take_head(struct stream *s)
{
	static const struct http_limits limits = HTTP_LIMITS_DEFAULT;
	struct http_request r;
	struct http_refusal refusal;
	if (s->in.len == 0 || !http_head_is_due(buf_span(&s->in), s->seen, &limits))
		return false;
	switch (http_parse_head(buf_span(&s->in), &limits, &r, &refusal)) {
	case HTTP_OK:
		stream_begin_request(s, &r);
		return true;
	case HTTP_BAD:
		stream_refuse(s, refusal.status);
		return false;
	default:
		s->seen = s->in.len;
		return false;
	}
}

static inline bool stream_take_body(struct stream *s)
{
	struct span rest = buf_span(&s->in), data;
	struct http_refusal refusal;
	if (s->state == STREAM_LENGTH) {
		size_t n = rest.n < s->left_bytes ? rest.n : (size_t)s->left_bytes;
		s->left_bytes -= n;
		s->body_bytes += n;
		buf_consume(&s->in, n);
		if (s->left_bytes)
			return false;
		stream_end_request(s);
		return true;
	}
	enum http_verdict v;
	while ((v = http_chunked_decode(&s->chunked, &rest, &data, &refusal)) == HTTP_DATA)
		s->body_bytes += data.n;
	buf_consume(&s->in, s->in.len - rest.n);
	if (v == HTTP_BAD)
		stream_refuse(s, refusal.status);
	else if (v == HTTP_OK)
		stream_end_request(s);
	return v == HTTP_OK;
}

static inline void stream_feed(struct stream *s, struct span bytes)
{
	bool is_going = s->state != STREAM_CLOSED;
	if (is_going)
		buf_add_span(&s->in, bytes);
	while (is_going && s->state != STREAM_CLOSED)
		is_going = s->state == STREAM_HEAD ? stream_take_head(s) : stream_take_body(s);
}

/* After the last byte. The verdicts, valid until stream_free(). */
static inline struct span stream_end(struct stream *s)
{
	if (s->state != STREAM_CLOSED && (s->in.len || s->state != STREAM_HEAD)) {
		stream_separate(s);
		buf_adds(&s->log, "more");
	}
	return buf_span(&s->log);
}

#endif
