#include "quote.h"

#include "base/cleanup.h"
#include "json/write.h"

#include <string.h>

static const char *const format_names[] = {
    [QUOTE_SH] = "sh",	       [QUOTE_FISH] = "fish",	  [QUOTE_JSON] = "json",
    [QUOTE_DOTENV] = "dotenv", [QUOTE_DOCKER] = "docker",
};

int quote_format_parse(const char *name, enum quote_format *ret_format, struct sa_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(format_names); i++) {
		if (strcmp(name, format_names[i]) != 0)
			continue;
		*ret_format = (enum quote_format)i;
		return 0;
	}
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "unknown format '%s' (sh, fish, json, dotenv, docker)", name);
}

/* Only bytes that no shell and no dotenv reader gives a meaning, wherever they stand. */
static bool is_plain(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			       (c >= '0' && c <= '9') || memchr("-_./:@%+,", c, 9);
		if (!is_word && !(c == '=' && i > 0))
			return false;
	}
	return text.n > 0;
}

void quote_sh(struct buf *b, struct span text)
{
	if (is_plain(text)) {
		buf_add_span(b, text);
		return;
	}
	buf_addc(b, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, text.p[i]);
	}
	buf_addc(b, '\'');
}

/* Inside fish's single quotes only \ and ' want a backslash. */
void quote_fish(struct buf *b, struct span text)
{
	buf_addc(b, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'' || text.p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, text.p[i]);
	}
	buf_addc(b, '\'');
}

void quote_dotenv(struct buf *b, struct span text)
{
	if (is_plain(text)) {
		buf_add_span(b, text);
		return;
	}
	bool is_single = !text.n || !memchr(text.p, '\'', text.n);
	buf_addc(b, is_single ? '\'' : '"');
	for (size_t i = 0; i < text.n; i++) {
		if (!is_single && memchr("\"\\$`", text.p[i], 4))
			buf_addc(b, '\\');
		buf_addc(b, text.p[i]);
	}
	buf_addc(b, is_single ? '\'' : '"');
}

void quote_assignment(struct buf *b, enum quote_format format, bool is_export, const char *name,
		      const char *value)
{
	if (format == QUOTE_JSON) {
		json_kv_string(b, name, value);
		return;
	}
	if (format == QUOTE_FISH) {
		buf_addf(b, "set %s %s ", is_export ? "-gx" : "-g", name);
		quote_fish(b, span_of(value));
		buf_addc(b, '\n');
		return;
	}
	buf_addf(b, "%s%s=", is_export ? "export " : "", name);
	if (format == QUOTE_SH)
		quote_sh(b, span_of(value));
	else if (format == QUOTE_DOTENV)
		quote_dotenv(b, span_of(value));
	else
		buf_adds(b, value);
	buf_addc(b, '\n');
}
