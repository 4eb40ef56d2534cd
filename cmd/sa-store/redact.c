#include "redact.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <strings.h>

enum { KEY_LEAST = 16 /* characters behind a known start that make it a key */ };

static bool is_key_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '+' ||
	       c == '/' || c == '=';
}

static size_t key_run(struct span text)
{
	size_t n = 0;
	while (n < text.n && is_key_char(text.p[n]))
		n++;
	return n;
}

/* Length of the private key block that text starts with (its newlines are escaped), 0: none. */
static size_t block_run(struct span text)
{
	static const char end[] = "PRIVATE KEY-----";
	if (!span_starts_with(text, "-----BEGIN "))
		return 0;
	const char *first = memmem(text.p, text.n < 64 ? text.n : 64, end, sizeof(end) - 1);
	if (!first)
		return 0;
	size_t from = (size_t)(first - text.p) + sizeof(end) - 1;
	const char *last = memmem(text.p + from, text.n - from, end, sizeof(end) - 1);
	return last ? (size_t)(last - text.p) + sizeof(end) - 1 : text.n;
}

/* Length of the secret that text starts with; 0: none. before: the byte in front of it. */
static size_t secret_run(struct span text, char before)
{
	static const char *const starts[] = {"sk-",    "sk_",	"rk_",	"pk_live_", "ghp_",
					     "gho_",   "ghs_",	"ghu_", "ghr_",	    "github_pat_",
					     "xoxb-",  "xoxp-", "AKIA", "ASIA",	    "AIza",
					     "glpat-", "npm_",	"hf_",	"sgamp_",   "eyJ"};
	if (text.p[0] == '-')
		return block_run(text);
	if (is_key_char(before))
		return 0;
	if (text.n > 7 && strncasecmp(text.p, "Bearer ", 7) == 0) {
		size_t n = key_run((struct span){text.p + 7, text.n - 7});
		return n >= KEY_LEAST ? n + 7 : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (span_starts_with(text, starts[i])) {
			size_t n = key_run(text);
			return n >= strlen(starts[i]) + KEY_LEAST ? n : 0;
		}
	return 0;
}

static bool is_secret_name(struct span name)
{
	static const char *const names[] = {
	    "apikey",	    "api_key",	     "x-api-key",     "token",	    "accesstoken",
	    "access_token", "refreshtoken",  "refresh_token", "password",   "passwd",
	    "secret",	    "client_secret", "authorization", "auth_token", "private_key",
	    "cookie",	    "set-cookie"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == name.n && strncasecmp(names[i], name.p, name.n) == 0)
			return true;
	static const char *const ends[] = {"_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "-api-key"};
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(ends[i]);
		if (name.n > n && strncasecmp(name.p + name.n - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

/* The end of the string whose opening quote is at p[at]: the index of its closing quote. */
static size_t string_end(struct span json, size_t at)
{
	for (at++; at < json.n && json.p[at] != '"'; at++)
		if (json.p[at] == '\\')
			at++;
	return at < json.n ? at : json.n;
}

static int add_text(struct buf *b, struct span text)
{
	int count = 0;
	for (size_t i = 0; i < text.n;) {
		struct span rest = {text.p + i, text.n - i};
		size_t n = secret_run(rest, i ? text.p[i - 1] : ' ');
		if (n) {
			buf_adds(b, REDACTED);
			count++;
			i += n;
		} else if (text.p[i] == '\\' && i + 1 < text.n) {
			buf_add(b, text.p + i, 2);
			i += 2;
		} else {
			buf_addc(b, text.p[i++]);
		}
	}
	return count;
}

int redact_add(struct buf *b, struct span json)
{
	int count = 0;
	struct span name = SPAN_NONE; /* of the member whose value comes */
	bool is_named_secret = false; /* {"name":"API_KEY", and "value" comes */
	for (size_t i = 0; i < json.n;) {
		char c = json.p[i];
		if (c != '"') {
			if (c == ',' || c == '{' || c == '[' || c == '}' || c == ']')
				name = SPAN_NONE;
			if (c == '{' || c == '}')
				is_named_secret = false;
			buf_addc(b, c);
			i++;
			continue;
		}
		size_t end = string_end(json, i);
		struct span text = {json.p + i + 1, end - i - 1};
		size_t next = end + 1;
		while (next < json.n && memchr(" \t\r\n", json.p[next], 4))
			next++;
		buf_addc(b, '"');
		if (next < json.n && json.p[next] == ':') {
			buf_add_span(b, text);
			name = text;
		} else if (name.p && text.n &&
			   (is_secret_name(name) ||
			    (is_named_secret && span_is(name, "value")))) {
			buf_adds(b, REDACTED);
			count++;
		} else {
			count += add_text(b, text);
			if (span_is(name, "name"))
				is_named_secret = is_secret_name(text);
		}
		if (end < json.n)
			buf_addc(b, '"');
		i = end + 1;
	}
	return count;
}
