#include "parse.h"

#include "expiry.h"
#include "secret.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *parse_document(struct span text)
{
	if (span_trim(text).n == 0)
		return "the file is empty";
	if (!utf8_is_valid(text))
		return "not UTF-8";
	if (json_check(text, NULL) < 0)
		return "not JSON";
	if (json_type(span_trim(text)) != JSON_OBJECT)
		return "no JSON object";
	return NULL;
}

enum { LOGINS_MAX_BYTES = 1 << 20, REFERENCE_MAX_BYTES = 64 * 1024 };

/* One member of an object, and whether its name occurs twice. */
struct member {
	struct span value;
	bool is_duplicate;
};

static struct member member_of(struct span object, const char *name)
{
	struct member m;
	members_find(object, &name, &m.value, &m.is_duplicate, 1);
	return m;
}

static bool has_text(struct span object, const char *name)
{
	struct span value = json_get(object, name);
	return json_type(value) == JSON_STRING && value.n > 2;
}

void parse_claude_config(struct findings *list, struct span text)
{
	static const char *const names[] = {"primaryApiKey", "apiKey", "anthropicApiKey",
					    "customApiKey"};
	struct span values[ARRAY_SIZE(names)];
	bool is_duplicate[ARRAY_SIZE(names)];
	members_find(text, names, values, is_duplicate, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct candidate c = {.provider = SPAN_LIT("anthropic"),
				      .member = names[i],
				      .is_duplicate = is_duplicate[i]};
		struct span plain = json_string_plain(values[i]);
		if (json_type(values[i]) == JSON_STRING && !is_duplicate[i] &&
		    !span_starts_with(plain, "sk-ant-"))
			findings_add_note(list, VERDICT_SKIPPED, "anthropic", names[i],
					  "does not begin with sk-ant-: not Anthropic's");
		else
			findings_add_json(list, &c, values[i]);
	}
}

void parse_claude_settings(struct findings *list, struct span text)
{
	struct member helper = member_of(text, "apiKeyHelper");
	struct candidate c = {.provider = SPAN_LIT("anthropic"),
			      .member = "apiKeyHelper",
			      .is_duplicate = helper.is_duplicate};
	if (json_type(helper.value) != JSON_STRING || helper.is_duplicate) {
		findings_add_json(list, &c, helper.value);
		return;
	}
	cleanup_secret char *command = json_string_dup(helper.value);
	findings_add_command(list, &c, span_of(command ? command : ""));
}

void parse_claude_oauth(struct findings *list, struct span text)
{
	struct member outer = member_of(text, "claudeAiOauth");
	struct member token = member_of(outer.value, "accessToken");
	struct member expires = member_of(outer.value, "expiresAt");
	struct candidate c = {
	    .provider = SPAN_LIT("anthropic"),
	    .member = "claudeAiOauth.accessToken",
	    .kind = KEY_OAUTH,
	    .expires_ms = expiry_of_json(expires.value),
	    .is_renewable = has_text(outer.value, "refreshToken"),
	    .is_duplicate = outer.is_duplicate || token.is_duplicate || expires.is_duplicate,
	};
	findings_add_json(list, &c, token.value);
}

/* A token that may be a JWT and then tells its own expiry. */
static int64_t jwt_expiry(struct span token)
{
	return expiry_of_jwt(json_string_plain(token));
}

void parse_codex(struct findings *list, struct span text)
{
	struct member key = member_of(text, "OPENAI_API_KEY");
	struct candidate api = {.provider = SPAN_LIT("openai"),
				.member = "OPENAI_API_KEY",
				.is_duplicate = key.is_duplicate};
	findings_add_json(list, &api, key.value);
	struct member tokens = member_of(text, "tokens");
	struct member access = member_of(tokens.value, "access_token");
	struct candidate oauth = {
	    .provider = SPAN_LIT("openai"),
	    .member = "tokens.access_token",
	    .kind = KEY_OAUTH,
	    .expires_ms = jwt_expiry(access.value),
	    .is_renewable = has_text(tokens.value, "refresh_token"),
	    .is_duplicate = tokens.is_duplicate || access.is_duplicate,
	};
	findings_add_json(list, &oauth, access.value);
}

/* Does this key occur a second time behind it? Files have few entries: see FINDING_ENTRIES_MAX. */
static bool is_repeated(struct span object, struct span key)
{
	size_t seen = 0;
	struct json_iter it = json_iter(object);
	struct span other, value;
	while (json_next(&it, &other, &value))
		seen += json_scalar_equal(key, other);
	return seen > 1;
}

/* How an agent writes one provider's login. */
struct login_form {
	const char *api_type, *api_member;
	const char *oauth_member;
	bool has_references; /* '!' begins a command, '$' a variable */
};

/* The value of a variable: the login's own, else the environment's. NULL without one. */
static char *variable_value(struct span entry, struct span name)
{
	cleanup_free char *text = xmemdup0(name.p, name.n);
	char *own = json_string_dup(json_get(json_get(entry, "env"), text));
	if (own && *own)
		return own;
	free(own);
	const char *value = getenv(text);
	return value && *value ? xstrdup(value) : NULL;
}

/* "$NAME" or "${NAME}" at the start of text: the name, and how long all of it is. */
static size_t take_variable(struct span text, struct span *ret_name)
{
	size_t at = text.n > 1 && text.p[1] == '{' ? 2 : 1, n = 0;
	while (at + n < text.n &&
	       (text.p[at + n] == '_' || isalpha((unsigned char)text.p[at + n]) ||
		(n && isdigit((unsigned char)text.p[at + n]))))
		n++;
	*ret_name = (struct span){text.p + at, n};
	if (n == 0 || (at == 2 && (at + n == text.n || text.p[at + n] != '}')))
		return 0;
	return at + n + (at == 2);
}

/* A key of Pi's as Pi reads it: a command, or text with variables. False: it is a plain one. */
static bool add_reference(struct findings *list, const struct candidate *c, struct span entry,
			  struct span value)
{
	cleanup_secret char *text = json_string_dup(value);
	if (text && text[0] == '!')
		findings_add_command(list, c, span_of(text + 1));
	if (!text || text[0] == '!' || !strchr(text, '$'))
		return text && text[0] == '!';
	cleanup_secret_buf struct buf key = BUF_INIT(0);
	buf_init(&key, REFERENCE_MAX_BYTES);
	buf_reserve(&key, REFERENCE_MAX_BYTES);
	for (struct span rest = span_of(text), name; rest.n;) {
		bool is_escape = rest.n > 1 && *rest.p == '$' && strchr("$!", rest.p[1]);
		size_t n = *rest.p == '$' && !is_escape ? take_variable(rest, &name) : 0;
		cleanup_secret char *found = n ? variable_value(entry, name) : NULL;
		if (n && !found) {
			findings_add_note(list, VERDICT_SKIPPED, NULL, c->member,
					  "names a variable that is not set");
			return true;
		}
		if (found)
			buf_adds(&key, found);
		else
			buf_addc(&key, rest.p[is_escape]);
		n = n ? n : 1 + (size_t)is_escape;
		rest = (struct span){rest.p + n, rest.n - n};
	}
	findings_add_text(list, c, key.is_overflowed ? SPAN_LIT("") : buf_span(&key));
	return true;
}

static void add_login(struct findings *list, const struct login_form *form, struct span entry,
		      struct span provider, bool is_duplicate)
{
	struct member type = member_of(entry, "type");
	bool is_api = json_string_is(type.value, form->api_type);
	bool is_oauth = json_string_is(type.value, "oauth");
	if (!is_api && !is_oauth) {
		cleanup_free char *name = xmemdup0(provider.p, provider.n);
		findings_add_note(list, VERDICT_SKIPPED, name, name, "neither a key nor a login");
		return;
	}
	const char *member = is_api ? form->api_member : form->oauth_member;
	cleanup_free char *where = xasprintf("%.*s.%s", SPAN_ARG(provider), member);
	struct member secret = member_of(entry, member);
	struct candidate c = {
	    .provider = provider,
	    .member = where,
	    .kind = is_api ? KEY_API : KEY_OAUTH,
	    .is_duplicate = is_duplicate || type.is_duplicate || secret.is_duplicate,
	};
	if (is_oauth) {
		struct member expires = member_of(entry, "expires");
		c.expires_ms = expiry_of_json(expires.value);
		c.is_duplicate = c.is_duplicate || expires.is_duplicate;
		c.is_renewable = has_text(entry, "refresh");
	}
	if (is_api && form->has_references && !c.is_duplicate &&
	    add_reference(list, &c, entry, secret.value))
		return;
	if (findings_add_json(list, &c, secret.value) < 0)
		findings_add_note(list, VERDICT_SKIPPED, NULL, where, "no such member");
}

static void parse_logins(struct findings *list, struct span text, const struct login_form *form)
{
	/* is_repeated() goes over the text once for each entry. */
	if (text.n > LOGINS_MAX_BYTES) {
		findings_add_note(list, VERDICT_SKIPPED, NULL, NULL,
				  "too large for a file of logins");
		return;
	}
	struct json_iter it = json_iter(text);
	struct span key, value;
	for (size_t i = 0; json_next(&it, &key, &value); i++) {
		if (i == FINDING_ENTRIES_MAX) {
			findings_add_note(list, VERDICT_SKIPPED, NULL, "(the rest)",
					  "more entries than anyone has");
			return;
		}
		cleanup_free char *provider =
		    key.n > FINDING_PROVIDER_MAX_BYTES ? NULL : json_string_dup(key);
		if (!provider || json_type(value) != JSON_OBJECT)
			continue;
		add_login(list, form, value, span_of(provider), is_repeated(text, key));
	}
}

void parse_opencode(struct findings *list, struct span text)
{
	static const struct login_form form = {"api", "key", "access", false};
	parse_logins(list, text, &form);
}

void parse_pi(struct findings *list, struct span text)
{
	static const struct login_form form = {"api_key", "key", "access", true};
	parse_logins(list, text, &form);
}

void parse_cursor(struct findings *list, struct span text)
{
	struct member token = member_of(text, "accessToken");
	struct candidate c = {
	    .provider = SPAN_LIT("cursor"),
	    .member = "accessToken",
	    .kind = KEY_OAUTH,
	    .expires_ms = jwt_expiry(token.value),
	    .is_renewable = has_text(text, "refreshToken"),
	    .is_duplicate = token.is_duplicate,
	};
	findings_add_json(list, &c, token.value);
}

void parse_gemini_oauth(struct findings *list, struct span text)
{
	struct member token = member_of(text, "access_token");
	struct member expires = member_of(text, "expiry_date");
	struct candidate c = {
	    .provider = SPAN_LIT("google"),
	    .member = "access_token",
	    .kind = KEY_OAUTH,
	    .expires_ms = expiry_of_json(expires.value),
	    .is_renewable = has_text(text, "refresh_token"),
	    .is_duplicate = token.is_duplicate || expires.is_duplicate,
	};
	findings_add_json(list, &c, token.value);
}
