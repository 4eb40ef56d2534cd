/* libs: -lsodium */
/* max: 16384 */
/*
 * What decides where an agent is fetched from: a .npmrc, then (behind an
 * empty line) a registry's answer on a package, or the index of ACP agents.
 */
#include "../../cmd/sa-install-agent/digest.c"
#include "../../cmd/sa-install-agent/manifest.c"
#include "../../cmd/sa-install-agent/npmrc.c"
#include "fuzz.h"

#include "agent/catalog.h"

#define REGISTRY "https://registry.test/npm"

static struct span answer; /* of the registry, to any question */

int fetch_text(struct fetcher *fetcher, const char *url, struct fetch_text *fetch, struct buf *body,
	       struct sa_error *err)
{
	(void)fetcher;
	(void)err;
	fuzz_require(strncmp(url, REGISTRY "/", strlen(REGISTRY "/")) == 0);
	fetch->status = 200;
	buf_clear(body);
	buf_add_span(body, answer);
	return 0;
}

bool fetch_is_private(const char *url)
{
	return strncmp(url, "https://", 8) == 0;
}

/* A token goes to the address that its key names and to nobody else. */
static void check_login(const struct npmrc *rc)
{
	static const char url[] = "https://registry.test/npm/p/-/p-1.tgz";
	const char *token = NULL, *basic = NULL;
	npmrc_login(rc, url, &token, &basic);
	for (size_t i = 0; i < rc->count; i++) {
		const char *value = rc->entries[i].value;
		if (value == token || value == basic)
			fuzz_require(strncmp(rc->entries[i].key, "//registry.test", 15) == 0);
	}
	fuzz_require(!token || !basic);
}

static void check_npmrc(const char *text)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_npmrc struct npmrc rc = {NULL, 0};
	add_text(&rc, text);
	check_login(&rc);
	add(&rc, xstrdup("registry"), xstrdup(REGISTRY "//")); /* else npm is asked */
	cleanup_free char *registry = npmrc_registry(&rc, "@scope/p", &err);
	size_t n = registry ? strlen(registry) : 0;
	fuzz_require(registry && (n == 0 || registry[n - 1] != '/'));
}

static void check_manifest(const char *pinned)
{
	struct sa_error err = SA_ERROR_INIT;
	cleanup_npmrc struct npmrc rc = {NULL, 0};
	struct fetcher fetcher = {.rc = &rc};
	struct package package = {
	    .npm = (char *)(uintptr_t) "p",
	    .version = (char *)(uintptr_t) "1.0.0",
	    .integrity = (char *)(uintptr_t)pinned,
	};
	add(&rc, xstrdup("registry"), xstrdup(REGISTRY));
	cleanup_manifest struct manifest m = {.version = NULL};
	if (manifest_fetch(&fetcher, &package, &m, &err) == 0) {
		fuzz_require(manifest_is_version(m.version) && !strchr(m.version, '/'));
		fuzz_require(strncasecmp(m.tarball, "https://", 8) == 0);
		fuzz_require(m.integrity && digest_is_known(m.integrity));
		fuzz_require(!pinned || strcmp(m.integrity, pinned) == 0);
	}
	cleanup_free char *latest = manifest_latest(&fetcher, &package, &err);
	fuzz_require(!latest || manifest_is_version(latest));
}

static void check_index(struct span index)
{
	if (json_check(index, NULL) < 0)
		return;
	struct span entry = catalog_registry_entry(index, "goose");
	fuzz_require(!entry.p || json_string_is(json_get(entry, "id"), "goose"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xmemdup0((const char *)data, size);
	char *gap = strstr(text, "\n\n");
	const char *rest = gap ? gap + 2 : "";
	if (gap)
		*gap = '\0';
	check_npmrc(text);
	answer = span_of(rest);
	check_manifest(NULL);
	check_manifest(
	    "sha512-MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NQ==");
	check_index(answer);
	return 0;
}
