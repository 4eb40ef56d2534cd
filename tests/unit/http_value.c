/* Field values, targets, queries, Host and Origin. */
#include "tap.h"

#include "http/origin.h"
#include "http/request.h"
#include "http/target.h"
#include "http/uri.h"
#include "http/value.h"

static const char *decoded(struct buf *b, int (*decode)(struct buf *, struct span),
			   const char *text)
{
	buf_clear(b);
	buf_addc(b, '>');
	return decode(b, span_of(text)) < 0 ? (b->len == 1 ? "refused" : "changed") : b->data + 1;
}

static void check_decoding(void)
{
	cleanup_buf struct buf b = BUF_INIT(64);
	is_str(decoded(&b, http_percent_decode, "a%2Fb%20c+d%c3%a9"), "a/b c+d\xc3\xa9",
	       "a path is decoded, '+' stays");
	is_str(decoded(&b, http_query_decode, "a+b%2Bc"), "a b+c", "in a query '+' is a space");
	is_str(decoded(&b, http_percent_decode, ""), "", "nothing decodes to nothing");
	is_str(decoded(&b, http_percent_decode, "%00"), "refused", "%%00 is refused");
	is_str(decoded(&b, http_percent_decode, "%"), "refused", "a lone %% is refused");
	is_str(decoded(&b, http_percent_decode, "%4"), "refused", "half an escape is refused");
	is_str(decoded(&b, http_percent_decode, "ab%4g"), "refused", "a broken escape is refused");
	is_str(decoded(&b, http_percent_decode, "%%41"), "refused", "an escaped %% is %%25");
	is_str(decoded(&b, http_percent_decode, "%2525"), "%25", "decoding is done once");
	is_int(http_percent_decode(&b, (struct span){"a\0b", 3}), -1, "a raw NUL is refused");
	buf_clear(&b);
	http_percent_encode(&b, SPAN_LIT("a b/\xc3\xa9~"));
	is_text(buf_span(&b), "a%20b%2F%C3%A9~", "everything but unreserved bytes is encoded");
	buf_free(&b);
	b = BUF_INIT(4);
	is_int(http_percent_decode(&b, SPAN_LIT("abcde")), -1, "the buffer's ceiling holds");
}

static const char *query(struct buf *b, const char *text, const char *name)
{
	buf_clear(b);
	buf_adds(b, "=");
	switch (http_query_get(text ? span_of(text) : SPAN_NONE, name, b)) {
	case HTTP_QUERY_FOUND:
		return b->data;
	case HTTP_QUERY_ABSENT:
		return "absent";
	default:
		return "malformed";
	}
}

static void check_query(void)
{
	cleanup_buf struct buf b = BUF_INIT(4096), many = BUF_INIT(4096);
	is_str(query(&b, "a=1&path=%2Ftmp%2Fa+b&c", "path"), "=/tmp/a b", "a parameter is found");
	is_str(query(&b, "a=1&c", "c"), "=", "a name alone has an empty value");
	is_str(query(&b, "a=1=2", "a"), "=1=2", "only the first '=' counts");
	is_str(query(&b, "&&a=1&", "a"), "=1", "empty pieces do not count");
	is_str(query(&b, "%61=1", "a"), "=1", "names are decoded");
	is_str(query(&b, "A=1", "a"), "absent", "names have case");
	is_str(query(&b, "", "a"), "absent", "an empty query has nothing");
	is_str(query(&b, NULL, "a"), "absent", "no query has nothing");
	is_str(query(&b, "a=1&a=1", "a"), "malformed", "a parameter twice is refused");
	is_str(query(&b, "a=1&%61=1", "a"), "malformed", "twice in disguise too");
	is_str(query(&b, "a=%", "a"), "malformed", "a broken value is refused");
	is_str(query(&b, "%zz=1&a=1", "a"), "malformed", "a broken name is refused");
	is_str(query(&b, "b=%zz&a=1", "a"), "=1", "another one's value is not looked at");
	is_str(query(&b, "a=%00", "a"), "malformed", "NUL is refused");
	for (int i = 0; i < HTTP_QUERY_PARAMS_MAX; i++)
		buf_adds(&many, "x&");
	is_str(query(&b, many.data, "a"), "absent", "as many parameters as the limit says");
	buf_adds(&many, "a");
	is_str(query(&b, many.data, "a"), "malformed", "one more is refused");
}

static const char *segments(struct buf *b, const char *path)
{
	struct span rest = span_of(path), segment;
	buf_clear(b);
	while (http_segment_next(&rest, &segment)) {
		buf_addc(b, '[');
		buf_add_span(b, segment);
		buf_addc(b, ']');
	}
	return b->len ? b->data : "";
}

static void check_segments(void)
{
	cleanup_buf struct buf b = BUF_INIT(256);
	is_str(segments(&b, "/v1/acp/a%2Fb"), "[v1][acp][a%2Fb]", "segments are raw");
	is_str(segments(&b, "/"), "[]", "the root has an empty segment");
	is_str(segments(&b, "/a/"), "[a][]", "a slash at the end makes an empty one");
	is_str(segments(&b, "//a"), "[][a]", "so does a double slash");
	is_str(segments(&b, "*"), "", "no path, no segments");
	is_str(segments(&b, ""), "", "nothing, no segments");
}

static void check_media(void)
{
	const char *json = "application/json", *sse = "text/event-stream";
	ok(http_media_type_is(SPAN_LIT("Application/JSON; charset=utf-8"), json),
	   "case, parameters");
	ok(http_media_type_is(SPAN_LIT("application/json ;x"), json), "white space before ';'");
	ok(!http_media_type_is(SPAN_LIT("application/json-seq"), json), "a longer type is another");
	ok(!http_media_type_is(SPAN_LIT("application/json, text/plain"), json),
	   "a list is no type");
	ok(!http_media_type_is(SPAN_NONE, json), "absent is no type");
	ok(http_accept_admits(SPAN_NONE, json), "no Accept admits all");
	ok(!http_accept_admits(SPAN_LIT(""), json), "an empty one admits nothing");
	ok(http_accept_admits(SPAN_LIT("*/*"), json), "*/*");
	ok(http_accept_admits(SPAN_LIT("text/html, application/*;q=0.5"), json), "application/*");
	ok(http_accept_admits(SPAN_LIT("text/*"), sse), "text/*");
	ok(!http_accept_admits(SPAN_LIT("text/*"), json), "another type's star");
	ok(http_accept_admits(SPAN_LIT("application/JSON;q=0"), json), "quality is ignored");
	ok(!http_accept_admits(SPAN_LIT("application/jso*"), json), "no other stars");
	ok(!http_accept_admits(SPAN_LIT("\"application/json\""), json), "quotes are no type");
	ok(!http_accept_admits(SPAN_LIT("x;y=\",application/json,\""), json), "nor what they hold");
}

static void check_credentials(void)
{
	is_text(http_bearer_token(SPAN_LIT("Bearer s3cret")), "s3cret", "a bearer token");
	is_span(http_bearer_token(SPAN_LIT("bearer s3cret")), SPAN_NONE,
		"the scheme has case here");
	is_span(http_bearer_token(SPAN_LIT("Bearer  x")), SPAN_NONE, "one space");
	is_span(http_bearer_token(SPAN_LIT("Bearer x y")), SPAN_NONE, "one token");
	is_span(http_bearer_token(SPAN_LIT("Bearer ")), SPAN_NONE, "an empty token");
	is_span(http_bearer_token(SPAN_LIT("Basic eDp5")), SPAN_NONE, "another scheme");
	is_span(http_bearer_token(SPAN_NONE), SPAN_NONE, "no header");
	ok(http_secret_equal(SPAN_LIT("abc"), SPAN_LIT("abc")), "equal secrets");
	ok(!http_secret_equal(SPAN_LIT("abd"), SPAN_LIT("abc")), "unequal secrets");
	ok(!http_secret_equal(SPAN_LIT("abcabc"), SPAN_LIT("abc")), "a repetition");
	ok(!http_secret_equal(SPAN_LIT("ab"), SPAN_LIT("abc")), "a prefix");
	ok(!http_secret_equal(SPAN_LIT(""), SPAN_LIT("abc")), "nothing given");
	ok(!http_secret_equal(SPAN_LIT(""), SPAN_LIT("")), "an empty secret equals nothing");
	ok(!http_secret_equal(SPAN_NONE, SPAN_LIT("abc")), "absent");
}

static void check_origins(void)
{
	static const char *const entries[] = {"box.example", "pod.example:2468",
					      "https://app.example"};
	static const struct {
		const char *host;
		bool is_allowed;
	} hosts[] = {
	    {"localhost", true},
	    {"LocalHost:2468", true},
	    {"127.0.0.1:2468", true},
	    {"127.255.0.9", true},
	    {"[::1]:80", true},
	    {"[0:0:0:0:0:0:0:1]", true},
	    {"localhost.evil", false},
	    {"localhost.", false},
	    {"xlocalhost", false},
	    {"127.0.0.1.evil", false},
	    {"127.1", false},
	    {"128.0.0.1", false},
	    {"126.255.255.255", false},
	    {"0177.0.0.1", false},
	    {"2130706433", false},
	    {"0.0.0.0", false},
	    {"[::]", false},
	    {"[::ffff:127.0.0.1]", false},
	    {"evil", false},
	    {"", false},
	    {"box.example:1", true},
	    {"pod.example:2468", true},
	    {"pod.example:1", false},
	    {"pod.example", false},
	    {"localhost@evil", false},
	    {"app.example", false},
	};
	static const struct {
		const char *origin;
		bool is_allowed;
	} origins[] = {
	    {"http://localhost:3000", true},
	    {"https://127.0.0.1", true},
	    {"http://[::1]", true},
	    {"https://app.example", true},
	    {"http://app.example", false},
	    {"http://box.example", true},
	    {"null", false},
	    {"", false},
	    {"file://", false},
	    {"http://localhost/", false},
	    {"http://localhost.evil", false},
	    {"http://localhost http://evil", false},
	    {"chrome-extension://localhost", false},
	};
	struct http_allowed allowed = {entries, 3};
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ok(http_host_is_allowed(span_of(hosts[i].host), &allowed) == hosts[i].is_allowed,
		   "host '%s' is %s", hosts[i].host, hosts[i].is_allowed ? "allowed" : "foreign");
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		ok(http_origin_is_allowed(span_of(origins[i].origin), &allowed) ==
		       origins[i].is_allowed,
		   "origin '%s' is %s", origins[i].origin,
		   origins[i].is_allowed ? "allowed" : "foreign");
	ok(http_host_is_allowed(SPAN_LIT("localhost"), NULL), "no list is needed");
	ok(!http_host_is_allowed(SPAN_NONE, &allowed), "no host is foreign");
	ok(!http_origin_is_allowed(SPAN_NONE, &allowed), "no origin is none of ours");
}

static void check_numbers(void)
{
	char date[HTTP_DATE_BYTES];
	uint64_t id = 7;
	is_int(http_last_event_id(SPAN_LIT("18446744073709551615"), &id), 1, "the greatest id");
	ok(id == UINT64_MAX, "and its value");
	is_int(http_last_event_id(SPAN_LIT(""), &id), 0, "an empty id is none");
	is_int(http_last_event_id(SPAN_NONE, &id), 0, "no id");
	is_int(http_last_event_id(SPAN_LIT("-1"), &id), -1, "a sign");
	is_int(http_last_event_id(SPAN_LIT("1 "), &id), -1, "white space");
	is_int(http_last_event_id(SPAN_LIT("18446744073709551616"), &id), -1, "an overflow");
	http_format_date(784111777, date);
	is_str(date, "Sun, 06 Nov 1994 08:49:37 GMT", "the RFC's date");
	http_format_date(0, date);
	is_str(date, "Thu, 01 Jan 1970 00:00:00 GMT", "the epoch");
	http_format_date(951782400, date);
	is_str(date, "Tue, 29 Feb 2000 00:00:00 GMT", "a leap day");
	http_format_date(INT64_MAX, date);
	is_str(date, "Thu, 01 Jan 1970 00:00:00 GMT", "a date that does not exist");
	static const char *const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
					    "Sunday, 06-Nov-94 08:49:37 GMT",
					    "Sun Nov  6 08:49:37 1994"};
	static const char *const others[] = {
	    "",
	    "784111777",
	    "Sun, 06 Nov 1994 08:49:37",
	    "Sun, 06 Nov 1994 08:49:37 GMT ",
	    "Sun, 06 Nov 1994 08:49:37 +0100",
	    "Sun, 36 Nov 1994 08:49:37 GMT",
	    "1994-11-06T08:49:37Z",
	    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int64_t when = 0;
		ok(http_parse_date(span_of(forms[i]), &when) == 0 && when == 784111777, "%s",
		   forms[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		int64_t when = 7;
		ok(http_parse_date(span_of(others[i]), &when) < 0 && when == 7, "no date: '%s'",
		   others[i]);
	}
	int64_t when;
	ok(http_parse_date(SPAN_NONE, &when) < 0, "no date at all");
}

int main(void)
{
	check_decoding();
	check_query();
	check_segments();
	check_media();
	check_credentials();
	check_origins();
	check_numbers();
	return done_testing();
}
