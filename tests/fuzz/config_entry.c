/* max: 16384 */
/*
 * What sa-config takes from others: entries (their one form is stable and
 * passes its own check), mcpServers with variables, the head of a SKILL.md,
 * names and links in archives, shell patterns.
 */
#include "../../cmd/sa-config/entry.c"
#include "../../cmd/sa-config/skill.c"
#include "../../cmd/sa-fs/glob.c"
#include "../../cmd/sa-fs/names.c"
#include "fuzz.h"

#include "agent/provision.h"

static void check_entry(const struct config_kind *kind, struct span text)
{
	struct sa_error err;
	cleanup_buf struct buf once = BUF_INIT(BUF_MAX_OWN), twice = BUF_INIT(BUF_MAX_OWN);
	if (kind->normalise(text, &once, &err) < 0)
		return;
	fuzz_require(json_check(buf_span(&once), NULL) == 0);
	fuzz_require(kind->normalise(buf_span(&once), &twice, &err) == 0);
	fuzz_require(span_equal(buf_span(&once), buf_span(&twice)));
}

static void check_servers(struct span text)
{
	struct sa_error err;
	cleanup_buf struct buf out = BUF_INIT(BUF_MAX_OWN);
	if (provision_expand(text, &out, &err) == 0)
		fuzz_require(json_check(buf_span(&out), NULL) == 0);
}

static void check_names(const char *text)
{
	struct sa_error err;
	cleanup_buf struct buf clean = BUF_INIT(1 << 16);
	cleanup_free char *name = skill_judge(span_of(text), "fallback", &err);
	if (name)
		fuzz_require(*name && strlen(name) <= SKILLS_NAME_BYTES && !strchr(name, '/') &&
			     !strchr(name, '.'));
	if (!name_clean(text, &clean))
		fuzz_require(clean.data[0] != '/' && strncmp(clean.data, "../", 3) != 0 &&
			     !strstr(clean.data, "/../") && !strstr(clean.data, "//") &&
			     clean.len <= NAME_PATH_BYTES);
	if (!link_judge(text, 0))
		fuzz_require(text[0] != '/' && strncmp(text, "..", 3) != 0 &&
			     strncmp(text, "../", 3) != 0);
	glob_matches(text, "some/path.c");
	fuzz_require(glob_matches("*", text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_trim((struct span){(const char *)data, size});
	cleanup_free char *string = xmemdup0(data, size);
	if (json_check(text, NULL) == 0) {
		check_entry(&config_mcp, text);
		check_entry(&config_skills, text);
		check_servers(text);
	}
	check_names(string);
	return 0;
}
