/* Amp: its own secrets file, and the one where the reference looks for them. */
#include "parse.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

#define AMP_URL_DEFAULT "https://ampcode.com/"

/* Without slashes at the end: the file has the URL as somebody typed it. */
static struct span trim_slashes(struct span url)
{
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

void parse_amp_secrets(struct findings *list, struct span text)
{
	const char *url = getenv("AMP_URL");
	struct span wanted = trim_slashes(span_of(url && *url ? url : AMP_URL_DEFAULT));
	struct json_iter it = json_iter(text);
	struct span key, value, found = SPAN_NONE;
	bool is_duplicate = false;
	for (size_t i = 0; i < FINDING_ENTRIES_MAX && json_next(&it, &key, &value); i++) {
		cleanup_free char *name = json_string_dup(key);
		if (!name || strncmp(name, "apiKey@", 7) != 0)
			continue;
		if (span_equal(trim_slashes(span_of(name + 7)), wanted)) {
			is_duplicate = found.p != NULL;
			found = value;
		} else {
			findings_add_note(list, VERDICT_SKIPPED, "amp", "apiKey@...",
					  "for another server than AMP_URL");
		}
	}
	struct candidate c = {
	    .provider = SPAN_LIT("amp"), .member = "apiKey@URL", .is_duplicate = is_duplicate};
	findings_add_json(list, &c, found);
}

void parse_amp_config(struct findings *list, struct span text)
{
	/* In the reference's order. Its first hit counts as Anthropic's there. */
	static const struct {
		const char *outer, *name, *path;
		bool is_anthropic;
	} places[] = {
	    {NULL, "anthropicApiKey", "anthropicApiKey", true},
	    {NULL, "anthropic_api_key", "anthropic_api_key", true},
	    {NULL, "apiKey", "apiKey", false},
	    {NULL, "api_key", "api_key", false},
	    {NULL, "accessToken", "accessToken", false},
	    {NULL, "access_token", "access_token", false},
	    {NULL, "token", "token", false},
	    {"auth", "anthropicApiKey", "auth.anthropicApiKey", true},
	    {"auth", "apiKey", "auth.apiKey", false},
	    {"auth", "token", "auth.token", false},
	    {"anthropic", "apiKey", "anthropic.apiKey", true},
	    {"anthropic", "token", "anthropic.token", true},
	};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct span object = text, value;
		bool is_outer_twice = false, is_twice;
		if (places[i].outer)
			members_find(text, &places[i].outer, &object, &is_outer_twice, 1);
		members_find(object, &places[i].name, &value, &is_twice, 1);
		bool is_anthropic =
		    places[i].is_anthropic || span_starts_with(json_string_plain(value), "sk-ant-");
		struct candidate c = {
		    .provider = is_anthropic ? SPAN_LIT("anthropic") : SPAN_LIT("amp"),
		    .member = places[i].path,
		    .is_amp_legacy = !is_anthropic,
		    .is_duplicate = is_outer_twice || is_twice,
		};
		findings_add_json(list, &c, value);
	}
}
