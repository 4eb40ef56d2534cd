#include "http/target.h"

#include "base/num.h"
#include "http/octet.h"

#include <arpa/inet.h>

static int parse_port(struct span text, int *ret_port)
{
	uint64_t port;
	if (text.n == 0) { /* "host:" is a valid authority: port = *DIGIT */
		*ret_port = -1;
		return 0;
	}
	if (num_parse_u64(text, 65535, &port) < 0)
		return -1;
	*ret_port = (int)port;
	return 0;
}

static bool is_ipv6(struct span text)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1;
}

int http_parse_authority(struct span text, struct http_authority *ret)
{
	struct http_authority a = {.port = -1};
	size_t n;
	if (text.n && text.p[0] == '[') {
		const char *end = memchr(text.p, ']', text.n);
		if (!end || !is_ipv6((struct span){text.p + 1, (size_t)(end - text.p) - 1}))
			return -1;
		n = (size_t)(end - text.p) + 1;
	} else {
		n = http_octets_span(text, OCTET_HOST);
	}
	if (n == 0)
		return -1;
	a.host = (struct span){text.p, n};
	if (n < text.n) {
		struct span port = {text.p + n + 1, text.n - n - 1};
		if (text.p[n] != ':' || parse_port(port, &a.port) < 0)
			return -1;
	}
	*ret = a;
	return 0;
}

/* Cut "path?query" at its first '?'. */
static void split_query(struct span text, struct http_target *t)
{
	const char *mark = text.n ? memchr(text.p, '?', text.n) : NULL;
	t->path = text;
	if (mark) {
		t->path.n = (size_t)(mark - text.p);
		t->query = (struct span){mark + 1, text.n - t->path.n - 1};
	}
}

/* Length of "http://" or "https://" at the start, in any case; 0 when neither. */
static size_t scheme_length(struct span text)
{
	static const char *const schemes[] = {"http://", "https://"};
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(schemes[i]);
		if (text.n >= n && http_is_nocase((struct span){text.p, n}, schemes[i]))
			return n;
	}
	return 0;
}

static enum http_verdict parse_absolute(struct span text, struct http_target *t,
					struct http_refusal *ret_refusal)
{
	size_t scheme = scheme_length(text);
	struct http_authority ignored;
	if (scheme == 0)
		return http_refuse(ret_refusal, 400,
				   "the request target is neither a path nor an http URL");
	struct span rest = {text.p + scheme, text.n - scheme};
	size_t n = 0;
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	t->form = HTTP_FORM_ABSOLUTE;
	t->authority = (struct span){rest.p, n};
	if (http_parse_authority(t->authority, &ignored) < 0)
		return http_refuse(ret_refusal, 400, "the host in the request target is not valid");
	split_query((struct span){rest.p + n, rest.n - n}, t);
	if (t->path.n == 0) /* RFC 9110 4.2.3: an empty path is "/" */
		t->path = SPAN_LIT("/");
	return HTTP_OK;
}

enum http_verdict http_parse_target(struct span method, struct span text, struct http_target *ret,
				    struct http_refusal *ret_refusal)
{
	struct http_target t = {.form = HTTP_FORM_ORIGIN, .text = text};
	if (text.n == 0)
		return http_refuse(ret_refusal, 400, "the request target is empty");
	if (!http_octets_all(text, OCTET_TARGET))
		return http_refuse(ret_refusal, 400,
				   "the request target holds a byte that must be percent-encoded");
	if (span_is(method, "CONNECT"))
		return http_refuse(ret_refusal, 501, "CONNECT is not offered: this is no proxy");
	if (text.p[0] == '/') {
		split_query(text, &t);
	} else if (span_is(text, "*")) {
		if (!span_is(method, "OPTIONS"))
			return http_refuse(ret_refusal, 400,
					   "the request target * goes with OPTIONS only");
		t.form = HTTP_FORM_ASTERISK;
		t.path = text;
	} else if (parse_absolute(text, &t, ret_refusal) == HTTP_BAD) {
		return HTTP_BAD;
	}
	*ret = t;
	return HTTP_OK;
}
