/* Files of environment variables: KEY=value lines, or one JSON object. */
#include "parse.h"

#include "secret.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

/* The provider that a variable belongs to: by the table, else "<PROVIDER>_API_KEY".
 * 0, or -1 when the name is not one of a key. */
static int classify(struct span name, struct buf *provider, enum key_kind *ret_kind)
{
	const struct variable *v = variable_find(name);
	if (v) {
		*ret_kind = v->kind;
		return buf_adds(provider, v->provider);
	}
	struct span suffix = SPAN_LIT("_API_KEY");
	if (name.n <= suffix.n || name.n > FINDING_PROVIDER_MAX_BYTES ||
	    !span_equal((struct span){name.p + name.n - suffix.n, suffix.n}, suffix))
		return -1;
	for (size_t i = 0; i < name.n - suffix.n; i++) {
		char c = name.p[i];
		bool is_upper = c >= 'A' && c <= 'Z';
		if (!is_upper && c != '_' && !(c >= '0' && c <= '9'))
			return -1;
		buf_addc(provider, is_upper ? (char)(c - 'A' + 'a') : c == '_' ? '-' : c);
	}
	*ret_kind = KEY_API;
	return 0;
}

/* value is JSON when is_json, else text. */
static void add_variable(struct findings *list, struct span name, struct span value, bool is_json)
{
	cleanup_buf struct buf provider = BUF_INIT(FINDING_PROVIDER_MAX_BYTES);
	struct candidate c = {.kind = KEY_API};
	if (classify(name, &provider, &c.kind) < 0)
		return;
	cleanup_free char *member = xmemdup0(name.p, name.n);
	c.provider = buf_span(&provider);
	c.member = member;
	if (is_json)
		findings_add_json(list, &c, value);
	else
		findings_add_text(list, &c, value);
}

void parse_variables_json(struct findings *list, struct span text)
{
	struct json_iter it = json_iter(text);
	struct span key, value;
	for (size_t i = 0; i < FINDING_ENTRIES_MAX && json_next(&it, &key, &value); i++)
		add_variable(list, json_string_plain(key), value, true);
}

/* 'literal', "with \escapes", or bare up to a blank and '#'. The result lies in b or in raw. */
static struct span unquote(struct span raw, struct buf *b)
{
	char quote = raw.n ? raw.p[0] : 0;
	if (quote != '\'' && quote != '"') {
		for (size_t i = 1; i < raw.n; i++)
			if (raw.p[i] == '#' && (raw.p[i - 1] == ' ' || raw.p[i - 1] == '\t'))
				return span_trim((struct span){raw.p, i});
		return raw;
	}
	buf_reserve(b, raw.n);
	for (size_t i = 1; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == quote)
			return buf_span(b);
		if (c == '\\' && quote == '"' && i + 1 < raw.n && memchr("\"\\$`", raw.p[i + 1], 4))
			c = raw.p[++i];
		buf_addc(b, c);
	}
	return SPAN_LIT(""); /* an open quote: told as empty */
}

void parse_dotenv(struct findings *list, struct span text)
{
	if (!utf8_is_valid(text)) {
		findings_add_note(list, VERDICT_SKIPPED, NULL, NULL, "not UTF-8");
		return;
	}
	if (span_starts_with(text, "\xef\xbb\xbf")) { /* a byte order mark */
		text.p += 3;
		text.n -= 3;
	}
	for (size_t count = 0; text.n && count < FINDING_ENTRIES_MAX;) {
		const char *newline = memchr(text.p, '\n', text.n);
		size_t n = newline ? (size_t)(newline - text.p) : text.n;
		struct span line = span_trim((struct span){text.p, n});
		text.p += n + (newline ? 1 : 0);
		text.n -= n + (newline ? 1 : 0);
		if (span_starts_with(line, "export "))
			line = span_trim((struct span){line.p + 7, line.n - 7});
		const char *equals = line.n && *line.p != '#' ? memchr(line.p, '=', line.n) : NULL;
		if (!equals)
			continue;
		count++;
		struct span name = span_trim((struct span){line.p, (size_t)(equals - line.p)});
		struct span raw = {equals + 1, line.n - (size_t)(equals + 1 - line.p)};
		struct span value = span_trim(raw);
		if (value.n && *value.p == '#' && value.p != raw.p)
			value.n = 0; /* only a comment follows */
		cleanup_secret_buf struct buf b = BUF_INIT(raw.n);
		add_variable(list, name, unquote(value, &b), false);
	}
}
