#include "http/chunked.h"

#include "http/octet.h"

enum state {
	SIZE,
	SPACE,
	EXT,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	NAME,
	VALUE,
	LINE_LF,
	END_LF,
	DONE,
};

void http_chunked_init(struct http_chunked *c, uint64_t limit_bytes)
{
	*c = (struct http_chunked){.state = SIZE, .limit_bytes = limit_bytes};
}

static enum http_verdict bad(struct http_refusal *ret_refusal)
{
	return http_refuse(ret_refusal, 400, "the chunked body is not valid");
}

static enum http_verdict take_digit(struct http_chunked *c, int digit,
				    struct http_refusal *ret_refusal)
{
	/* Sixteen digits are 64 bits: the shift cannot overflow. */
	if (++c->digits > HTTP_CHUNK_DIGITS_MAX)
		return http_refuse(ret_refusal, 400, "a chunk size has too many digits");
	c->chunk_left_bytes = c->chunk_left_bytes << 4 | (unsigned)digit;
	return HTTP_MORE;
}

/* At the end of a size line. */
static enum http_verdict begin_chunk(struct http_chunked *c, struct http_refusal *ret_refusal)
{
	uint64_t sum;
	if (__builtin_add_overflow(c->body_bytes, c->chunk_left_bytes, &sum) ||
	    sum > c->limit_bytes)
		return http_refuse(ret_refusal, 413, "the body is too large");
	c->body_bytes = sum;
	c->state = c->chunk_left_bytes ? DATA : TRAILER;
	return HTTP_MORE;
}

/* SIZE, SPACE, EXT: the line of a chunk's size. */
static enum http_verdict size_byte(struct http_chunked *c, char byte,
				   struct http_refusal *ret_refusal)
{
	int digit = http_hex_value(byte);
	if (c->state == SIZE && digit >= 0)
		return take_digit(c, digit, ret_refusal);
	if (c->digits == 0)
		return bad(ret_refusal);
	if (byte == '\r' && c->state != SPACE) {
		c->state = SIZE_LF;
		return HTTP_MORE;
	}
	if (c->state != EXT) {
		if (byte == ';')
			c->state = EXT;
		else if (byte == ' ' || byte == '\t')
			c->state = SPACE;
		else
			return bad(ret_refusal);
	} else if (!http_octet_is(byte, OCTET_VALUE)) {
		return bad(ret_refusal);
	}
	if (++c->extension_bytes > HTTP_CHUNK_EXTENSION_BYTES)
		return http_refuse(ret_refusal, 400, "the chunk extensions are too long");
	return HTTP_MORE;
}

/* TRAILER, NAME, VALUE: a line behind the last chunk. */
static enum http_verdict trailer_byte(struct http_chunked *c, char byte,
				      struct http_refusal *ret_refusal)
{
	if (c->state == TRAILER && byte == '\r') {
		c->state = END_LF;
		return HTTP_MORE;
	}
	if (++c->trailer_bytes > HTTP_CHUNK_TRAILER_BYTES)
		return http_refuse(ret_refusal, 431, "the trailers are too long");
	if (c->state == VALUE) {
		if (byte == '\r')
			c->state = LINE_LF;
		else if (!http_octet_is(byte, OCTET_VALUE))
			return bad(ret_refusal);
	} else if (c->state == NAME && byte == ':') {
		c->state = VALUE;
	} else if (http_octet_is(byte, OCTET_TOKEN)) {
		c->state = NAME;
	} else {
		return bad(ret_refusal);
	}
	return HTTP_MORE;
}

/* Everything but DATA and DONE. */
static enum http_verdict take_byte(struct http_chunked *c, char byte,
				   struct http_refusal *ret_refusal)
{
	switch ((enum state)c->state) {
	case SIZE:
	case SPACE:
	case EXT:
		return size_byte(c, byte, ret_refusal);
	case TRAILER:
	case NAME:
	case VALUE:
		return trailer_byte(c, byte, ret_refusal);
	case SIZE_LF:
		return byte == '\n' ? begin_chunk(c, ret_refusal) : bad(ret_refusal);
	case DATA_CR:
		c->state = DATA_LF;
		return byte == '\r' ? HTTP_MORE : bad(ret_refusal);
	case DATA_LF:
		c->state = SIZE;
		c->digits = 0;
		return byte == '\n' ? HTTP_MORE : bad(ret_refusal);
	case LINE_LF:
		c->state = TRAILER;
		return byte == '\n' ? HTTP_MORE : bad(ret_refusal);
	case END_LF:
		c->state = DONE;
		return byte == '\n' ? HTTP_OK : bad(ret_refusal);
	case DATA:
	case DONE:
		break;
	}
	return HTTP_OK;
}

enum http_verdict http_chunked_decode(struct http_chunked *c, struct span *input,
				      struct span *ret_data, struct http_refusal *ret_refusal)
{
	while (c->state != DONE && input->n) {
		if (c->state == DATA) {
			size_t n =
			    input->n < c->chunk_left_bytes ? input->n : (size_t)c->chunk_left_bytes;
			*ret_data = (struct span){input->p, n};
			input->p += n;
			input->n -= n;
			c->chunk_left_bytes -= n;
			if (c->chunk_left_bytes == 0)
				c->state = DATA_CR;
			return HTTP_DATA;
		}
		char byte = input->p[0];
		input->p++;
		input->n--;
		enum http_verdict v = take_byte(c, byte, ret_refusal);
		if (v != HTTP_MORE)
			return v;
	}
	return c->state == DONE ? HTTP_OK : HTTP_MORE;
}
