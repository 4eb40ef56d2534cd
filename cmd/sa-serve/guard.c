#include "guard.h"

#include "answer.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "http/octet.h"
#include "http/origin.h"
#include "http/uri.h"
#include "http/value.h"

#include <arpa/inet.h>
#include <string.h>

bool guard_shares_with(const struct front *front, struct span origin)
{
	const struct string_list *list = &front->options->cors_origins;
	for (size_t i = 0; origin.n && i < list->count; i++)
		if (strcmp(list->items[i], "*") == 0 || span_is(origin, list->items[i]))
			return true;
	return false;
}

/* A number needs no name server that somebody could have told lies. */
static bool is_address(struct span authority)
{
	struct http_authority a;
	struct in_addr v4;
	char copy[INET_ADDRSTRLEN];
	if (http_parse_authority(authority, &a) < 0)
		return false;
	if (a.host.p[0] == '[')
		return true;
	if (a.host.n >= sizeof(copy))
		return false;
	memcpy(copy, a.host.p, a.host.n);
	copy[a.host.n] = '\0';
	return inet_pton(AF_INET, copy, &v4) == 1;
}

static bool is_our_host(const struct conn *c, struct span host, const struct http_allowed *allowed)
{
	/* Browsers always send one, and none of them speaks to a unix socket. */
	if (!host.p || c->is_unix)
		return true;
	return http_host_is_allowed(host, allowed) || (c->front->is_public && is_address(host));
}

/* "http://<Host>": a page that this server itself has sent. */
static bool is_same_origin(struct span origin, struct span host)
{
	static const char *const schemes[] = {"http://", "https://"};
	for (size_t i = 0; host.n && i < ARRAY_SIZE(schemes); i++) {
		size_t n = strlen(schemes[i]);
		if (span_starts_with(origin, schemes[i]) &&
		    http_equal_nocase((struct span){origin.p + n, origin.n - n}, host))
			return true;
	}
	return false;
}

static bool is_safe(const struct http_request *r)
{
	return (span_is(r->method, "GET") || span_is(r->method, "HEAD")) && !r->has_upgrade;
}

bool guard_admits_site(struct conn *c, const struct http_request *r, const struct route *route)
{
	const struct front_options *o = c->front->options;
	const struct http_allowed allowed = {o->hosts.items, o->hosts.count};
	struct span origin = http_request_get(r, HTTP_ORIGIN);
	if (!o->token && !is_our_host(c, r->host, &allowed)) {
		answer_kind(c, PROBLEM_PERMISSION_DENIED,
			    "this Host is not served without a token; --allow-host adds one");
		return false;
	}
	if (!origin.p || http_origin_is_allowed(origin, &allowed) ||
	    guard_shares_with(c->front, origin) || is_same_origin(origin, r->host))
		return true;
	bool is_guarded = o->token && (is_safe(r) || r->has_upgrade);
	if (is_guarded || (is_safe(r) && route && route->is_harmless))
		return true;
	answer_kind(c, PROBLEM_PERMISSION_DENIED,
		    "pages of this Origin may not ask; --cors-allow-origin adds one");
	return false;
}

/* ?access_token=, for what browsers cannot send headers with. */
static bool has_query_token(const struct http_request *r, const char *token)
{
	cleanup_buf struct buf given = BUF_INIT(r->target.query.n + 1);
	return http_query_get(r->target.query, "access_token", &given) == HTTP_QUERY_FOUND &&
	       http_secret_equal(buf_span(&given), span_of(token));
}

/*
 * The offered subprotocol "sandbox-agent.token.BASE64URL": what a page's script can say beside
 * an address, which proxies and histories keep. It is never the one that is chosen.
 */
static bool has_protocol_token(const struct http_request *r, const char *token)
{
	cleanup_buf struct buf wanted = BUF_INIT(BUF_MAX_OWN);
	struct span item;
	bool is_offered = false;
	buf_adds(&wanted, GUARD_TOKEN_PROTOCOL);
	base64_add(&wanted, span_of(token));
	while (wanted.len && wanted.data[wanted.len - 1] == '=')
		wanted.len--;
	for (size_t i = 0; i < wanted.len; i++)
		if (wanted.data[i] == '+' || wanted.data[i] == '/')
			wanted.data[i] = wanted.data[i] == '+' ? '-' : '_';
	for (size_t i = 0; i < r->header_count; i++) {
		struct span rest = r->headers[i].value;
		while (r->headers[i].field == HTTP_WEBSOCKET_PROTOCOL &&
		       http_list_next(&rest, &item))
			is_offered = http_secret_equal(item, buf_span(&wanted)) || is_offered;
	}
	explicit_bzero(wanted.data, wanted.len);
	return is_offered;
}

/* "Basic ...": OpenCode's programs send what they call a password in this way. */
static bool has_password(struct span authorization, const char *token)
{
	static const char scheme[] = "Basic ", user[] = "opencode:";
	cleanup_buf struct buf pair = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf wanted = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&pair, user);
	buf_adds(&pair, token);
	buf_adds(&wanted, scheme);
	base64_add(&wanted, buf_span(&pair));
	bool is_same = http_secret_equal(authorization, buf_span(&wanted));
	explicit_bzero(pair.data, pair.len);
	explicit_bzero(wanted.data, wanted.len);
	return is_same;
}

bool guard_admits_token(struct conn *c, const struct http_request *r, const struct route *route)
{
	const char *token = c->front->options->token;
	if (!token || route->is_open)
		return true;
	struct span given = http_bearer_token(http_request_get(r, HTTP_AUTHORIZATION));
	if (http_secret_equal(given, span_of(token)))
		return true;
	if (route->has_error_list && has_password(http_request_get(r, HTTP_AUTHORIZATION), token))
		return true;
	if (route->answer == ANSWER_SOCKET &&
	    (has_query_token(r, token) || has_protocol_token(r, token)))
		return true;
	answer_kind_message(c, PROBLEM_TOKEN_INVALID, "the bearer token is missing or wrong");
	return false;
}
