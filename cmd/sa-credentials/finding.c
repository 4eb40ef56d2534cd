#include "finding.h"

#include "secret.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {"usable", "absent", "skipped", "expired"};
	return names[verdict];
}

void findings_free(struct findings *list)
{
	for (size_t i = 0; i < list->count; i++) {
		secret_free(list->items[i].secret);
		free(list->items[i].place);
		free(list->items[i].provider);
		free(list->items[i].reason);
	}
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

/* Foreign names come before people's eyes: no control character gets to a terminal. */
static char *printable(char *text)
{
	for (char *p = text; p && *p; p++) {
		unsigned char c = (unsigned char)*p, next = (unsigned char)p[1];
		if (c < 0x20 || c == 0x7f)
			*p = '?';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0) /* C1: U+0080 to U+009F */
			p[0] = p[1] = '?';
	}
	return text;
}

static struct finding *add(struct findings *list, const char *member)
{
	/* Powers of two, so that the array is not moved for each addition. */
	if ((list->count & (list->count - 1)) == 0)
		list->items = xreallocarray(list->items, list->count ? list->count * 2 : 1,
					    sizeof(*list->items));
	struct finding *f = &list->items[list->count++];
	*f = (struct finding){
	    .source = list->source,
	    .agent = list->agent,
	    .why = list->why,
	    .place = printable(member && list->path ? xasprintf("%s: %s", list->path, member)
						    : xstrdup(member ? member : list->path)),
	};
	return f;
}

void findings_add_note(struct findings *list, enum verdict verdict, const char *provider,
		       const char *member, const char *reason)
{
	struct finding *f = add(list, member);
	f->provider = printable(xstrdup(provider));
	f->verdict = verdict;
	f->reason = xstrdup(reason);
}

/* Why text cannot be a key; NULL when it can. */
static const char *refuse_text(struct span text)
{
	if (text.n == 0)
		return "empty";
	if (text.n > FINDING_SECRET_MAX_BYTES)
		return "too long for a key";
	if (!utf8_is_valid(text))
		return "not UTF-8";
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return "holds control characters";
	return NULL;
}

static void refuse(struct finding *f, enum verdict verdict, const char *reason)
{
	f->verdict = verdict;
	f->reason = xstrdup(reason);
}

static void judge(const struct findings *list, struct finding *f, struct span text)
{
	const char *no = refuse_text(text);
	if (no) {
		refuse(f, VERDICT_SKIPPED, no);
		return;
	}
	/* Wherever it was put: this is what Anthropic's OAuth tokens begin with. */
	if (strcmp(f->provider, "anthropic") == 0 && f->kind == KEY_API &&
	    span_starts_with(text, "sk-ant-oat"))
		f->kind = KEY_OAUTH;
	f->secret = xmemdup0(text.p, text.n);
	if (f->expires_ms && f->expires_ms <= list->now_ms) {
		char when[CLOCK_TEXT_BYTES];
		clock_format(f->expires_ms, when);
		f->verdict = VERDICT_EXPIRED;
		f->reason =
		    xasprintf("expired %s%s", when,
			      f->is_renewable ? "; its agent renews it at the next start" : "");
	} else if (list->is_no_oauth && f->kind != KEY_API) {
		refuse(f, VERDICT_SKIPPED, "not an API key, and --no-oauth is given");
	}
}

void findings_add_text(struct findings *list, const struct candidate *c, struct span text)
{
	struct finding *f = add(list, c->member);
	f->kind = c->kind;
	f->expires_ms = c->expires_ms;
	f->is_renewable = c->is_renewable;
	f->is_amp_legacy = c->is_amp_legacy;
	if (c->provider.n == 0 || c->provider.n > FINDING_PROVIDER_MAX_BYTES ||
	    refuse_text(c->provider)) {
		refuse(f, VERDICT_SKIPPED, "the provider's name is empty, too long or not text");
		return;
	}
	f->provider = xmemdup0(c->provider.p, c->provider.n);
	if (c->is_duplicate)
		refuse(f, VERDICT_SKIPPED, "duplicate key: which of the two is meant is unclear");
	else
		judge(list, f, span_trim(text));
}

/* What JSON text of n bytes can become; escapes only shrink. */
static void reserve_decoded(struct buf *b, size_t n)
{
	buf_init(b, n * 3);
	buf_reserve(b, n * 3);
}

int findings_add_json(struct findings *list, const struct candidate *c, struct span value)
{
	enum json_type type = json_type(value);
	if (type == JSON_NONE || (type == JSON_NULL && !c->is_duplicate))
		return -1;
	if (type != JSON_STRING && !c->is_duplicate) {
		struct finding *f = add(list, c->member);
		f->provider = xmemdup0(c->provider.p, c->provider.n);
		refuse(f, VERDICT_SKIPPED, "not a string");
		return 0;
	}
	if (value.n > (size_t)FINDING_SECRET_MAX_BYTES * 6)
		value.n = 0; /* judged below as too long, without a copy */
	cleanup_secret_buf struct buf text = BUF_INIT(0);
	reserve_decoded(&text, value.n);
	if (value.n == 0) {
		struct finding *f = add(list, c->member);
		f->provider = xmemdup0(c->provider.p, c->provider.n);
		refuse(f, VERDICT_SKIPPED, "too long for a key");
		return 0;
	}
	json_string_add(&text, value);
	findings_add_text(list, c, buf_span(&text));
	return 0;
}

void findings_add_command(struct findings *list, const struct candidate *c, struct span command)
{
	cleanup_secret_buf struct buf text = BUF_INIT(0);
	reserve_decoded(&text, command.n);
	buf_add_span(&text, command);
	cleanup_free char *reason = NULL;
	if (command.n > FINDING_SECRET_MAX_BYTES || memchr(command.p, '\0', command.n))
		reason = xstrdup("a command, but not a sane one");
	else if (!list->run_command)
		reason = xstrdup("a command that prints the key; run it with --run-helpers");
	cleanup_secret char *output = reason ? NULL : list->run_command(text.data, &reason);
	if (output) {
		findings_add_text(list, c, span_of(output));
		return;
	}
	struct finding *f = add(list, c->member);
	f->provider = xmemdup0(c->provider.p, c->provider.n);
	refuse(f, VERDICT_SKIPPED, reason);
}

void members_find(struct span object, const char *const *names, struct span *values,
		  bool *is_duplicate, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		values[i] = SPAN_NONE;
		is_duplicate[i] = false;
	}
	struct json_iter it = json_iter(object);
	if (!it.is_object)
		return;
	struct span key, value;
	while (json_next(&it, &key, &value))
		for (size_t i = 0; i < count; i++) {
			if (!json_string_is(key, names[i]))
				continue;
			is_duplicate[i] = values[i].p != NULL;
			values[i] = value;
			break;
		}
}
