/* The body of an exchange: where its bytes go, and when it is given up. */
#include "answer.h"
#include "base/cleanup.h"
#include "children.h"
#include "conn.h"
#include "os/io.h"

#include <errno.h>

bool exchange_body_is_short(const struct exchange *x)
{
	return !x->expects_continue && (x->is_chunked || x->left_bytes <= SKIP_BYTES);
}

void exchange_drop_body(struct conn *c)
{
	struct exchange *x = &c->exchange;
	x->use = USE_DROP;
	x->limit_bytes = x->got_bytes + SKIP_BYTES;
}

/* The body cannot be taken to its end. */
static void give_up_body(struct conn *c, int status, const char *why)
{
	struct exchange *x = &c->exchange;
	x->has_body = false;
	c->is_last = true;
	if (x->is_answered) {
		conn_answered(c);
		return;
	}
	answer_problem(c,
		       &(struct http_problem){.kind = status == 413 ? PROBLEM_TOO_LARGE
								    : PROBLEM_INVALID_REQUEST,
					      .status = status,
					      .detail = span_of(why)},
		       SPAN_NONE);
}

void exchange_body_timeout(struct conn *c)
{
	give_up_body(c, 408, "the body did not come in time");
}

int exchange_write_body(struct conn *c, struct span piece)
{
	struct exchange *x = &c->exchange;
	if (io_write_all(x->body_fd, piece) == 0)
		return 0;
	struct sa_error err = SA_ERROR_INIT;
	error_set_errno(
	    &err, errno == ENOSPC || errno == EDQUOT ? PROBLEM_STORE_FULL : PROBLEM_STREAM_ERROR,
	    errno, "write the file");
	answer_error(c, &err);
	return -1;
}

/* What one piece of the body is for. */
static void use_piece(struct conn *c, struct span piece)
{
	struct exchange *x = &c->exchange;
	struct front *front = c->front;
	x->got_bytes += piece.n;
	if (x->got_bytes > x->limit_bytes) {
		give_up_body(c, 413, "the body is over this route's limit");
		return;
	}
	if (x->use == USE_WRITE) {
		exchange_write_body(c, piece);
	} else if (x->use == USE_PIPE) {
		size_t done = children_write(c, piece);
		if (done < piece.n) {
			buf_add(&x->body, piece.p + done, piece.n - done);
			front->buffered += piece.n - done;
			c->state = CONN_BUSY;
		}
	} else if (x->use == USE_KEEP) {
		if (front->buffered + piece.n > front->options->buffer_bytes) {
			give_up_body(c, 503, "too many large bodies at once");
			return;
		}
		buf_add_span(&x->body, piece);
		front->buffered += piece.n;
	}
}

bool exchange_pass_on(struct conn *c)
{
	struct exchange *x = &c->exchange;
	if (x->use != USE_PIPE || !x->body.len)
		return false;
	size_t done = children_write(c, buf_span(&x->body));
	buf_consume(&x->body, done);
	c->front->buffered -= done;
	if (x->body.len)
		return false;
	if (x->has_body)
		return true;
	exchange_go(c);
	return false;
}

static void body_is_over(struct conn *c)
{
	struct exchange *x = &c->exchange;
	x->has_body = false;
	if (x->is_answered)
		conn_answered(c);
	else if (x->use == USE_PIPE && x->body.len)
		c->state = CONN_BUSY; /* exchange_pass_on() goes on */
	else
		exchange_go(c);
}

static void feed_length(struct conn *c, struct span *input)
{
	struct exchange *x = &c->exchange;
	size_t n = input->n;
	if ((uint64_t)x->left_bytes < n)
		n = (size_t)x->left_bytes;
	struct span piece = {input->p, n};
	*input = (struct span){input->p + n, input->n - n};
	x->left_bytes -= (int64_t)n;
	use_piece(c, piece);
	if (x->has_body && x->left_bytes == 0)
		body_is_over(c);
}

static void feed_chunks(struct conn *c, struct span *input)
{
	struct exchange *x = &c->exchange;
	struct http_refusal refusal;
	struct span piece;
	switch (http_chunked_decode(&x->chunked, input, &piece, &refusal)) {
	case HTTP_DATA:
		use_piece(c, piece);
		break;
	case HTTP_OK:
		body_is_over(c);
		break;
	case HTTP_BAD:
		give_up_body(c, refusal.status, refusal.why);
		break;
	case HTTP_MORE:
		break;
	}
}

void exchange_feed(struct conn *c, struct span *input)
{
	if (c->exchange.is_chunked)
		feed_chunks(c, input);
	else
		feed_length(c, input);
}
