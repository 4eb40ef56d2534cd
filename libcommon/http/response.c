#include "http/response.h"

#include "http/octet.h"
#include "http/value.h"
#include "json/write.h"

#include <inttypes.h>

/* 413 and 422 by their older names: problems have them as titles (contract 3). */
static const struct {
	int status;
	const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* RFC 9112 6.1, RFC 9110 8.6: these have no body and (304 apart) no framing fields. */
static bool is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

enum http_body http_head_begin(struct buf *b, struct http_response *r)
{
	enum http_body body = r->body;
	char date[HTTP_DATE_BYTES];
	if (body == HTTP_BODY_CLOSE || (body == HTTP_BODY_CHUNKED && r->minor_version < 1))
		body = HTTP_BODY_CLOSE;
	if (is_bodiless(r->status))
		body = HTTP_BODY_NONE;
	else if (body == HTTP_BODY_CLOSE && !r->is_head)
		r->is_keep_alive = false;
	buf_addf(b, "HTTP/1.1 %03d %s\r\n", r->status, http_reason(r->status));
	http_format_date(r->date_s, date);
	buf_addf(b, "date: %s\r\n", date);
	if (body == HTTP_BODY_LENGTH)
		buf_addf(b, "content-length: %" PRIu64 "\r\n", r->length_bytes);
	else if (body == HTTP_BODY_CHUNKED)
		buf_adds(b, "transfer-encoding: chunked\r\n");
	else if (body == HTTP_BODY_NONE && !is_bodiless(r->status))
		buf_adds(b, "content-length: 0\r\n");
	if (r->status == 101)
		buf_adds(b, "connection: upgrade\r\n");
	else if (!r->is_keep_alive)
		buf_adds(b, "connection: close\r\n");
	else if (r->minor_version < 1)
		buf_adds(b, "connection: keep-alive\r\n");
	return r->is_head ? HTTP_BODY_NONE : body;
}

int http_header_add(struct buf *b, const char *name, struct span value)
{
	static const char *const ours[] = {"date", "content-length", "transfer-encoding",
					   "connection"};
	struct span n = span_of(name);
	if (!value.p || !http_is_token(n) || !http_octets_all(value, OCTET_VALUE))
		return -1;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (http_is_nocase(n, ours[i]))
			return -1;
	if (buf_reserve(b, n.n + value.n + 4) < 0)
		return -1;
	buf_add_span(b, n);
	buf_adds(b, ": ");
	buf_add_span(b, value);
	return buf_adds(b, "\r\n");
}

int http_head_end(struct buf *b)
{
	return buf_adds(b, "\r\n");
}

int http_continue_add(struct buf *b)
{
	return buf_adds(b, "HTTP/1.1 100 Continue\r\n\r\n");
}

int http_chunk_begin(struct buf *b, uint64_t bytes)
{
	return buf_addf(b, "%" PRIx64 "\r\n", bytes);
}

int http_chunk_add(struct buf *b, struct span data)
{
	enum { AROUND_BYTES = 16 + 4 };
	if (data.n == 0)
		return 0;
	if (data.n > SIZE_MAX - AROUND_BYTES || buf_reserve(b, data.n + AROUND_BYTES) < 0)
		return -1;
	http_chunk_begin(b, data.n);
	buf_add_span(b, data);
	return buf_adds(b, "\r\n");
}

int http_chunk_end(struct buf *b)
{
	return buf_adds(b, "0\r\n\r\n");
}

int http_problem_status(const struct http_problem *problem)
{
	return problem->status ? problem->status : problem_info(problem->kind)->http_status;
}

void http_problem_add(struct buf *b, const struct http_problem *problem)
{
	const struct problem_info *info = problem_info(problem->kind);
	const char *title = problem->title    ? problem->title
			    : problem->status ? http_reason(problem->status)
					      : info->title;
	json_open(b, '{');
	json_key(b, "type");
	buf_addf(b, "\"urn:sandbox-agent:error:%s\"", info->name);
	json_kv_string(b, "title", title);
	json_kv_int(b, "status", http_problem_status(problem));
	json_kv_span(b, "detail", problem->detail);
	if (problem->extensions.n) {
		buf_addc(b, ',');
		buf_add_span(b, problem->extensions);
	}
	json_close(b, '}');
}
