#include "manifest.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "digest.h"
#include "json/scan.h"

#include <string.h>
#include <strings.h>

#define ABBREVIATED "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"

enum { VERSION_MAX_BYTES = 100 };

void manifest_clear(struct manifest *manifest)
{
	free(manifest->version);
	free(manifest->tarball);
	free(manifest->integrity);
	*manifest = (struct manifest){.version = NULL};
}

bool manifest_is_version(const char *version)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+";
	size_t n = strlen(version);
	return n > 0 && n <= VERSION_MAX_BYTES && strspn(version, allowed) == n &&
	       version[0] != '.' && version[0] != '-';
}

/* A scoped name's slash is escaped in an address. */
static char *package_url(const char *registry, const char *name, const char *rest)
{
	const char *slash = strchr(name, '/');
	return slash ? xasprintf("%s/%.*s%%2f%s%s", registry, (int)(slash - name), name, slash + 1,
				 rest)
		     : xasprintf("%s/%s%s", registry, name, rest);
}

static int refused(int status, const char *url, const char *name, const char *version,
		   struct sa_error *err)
{
	if (status == 401 || status == 403)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry refuses %s (%d): set the token for it in ~/.npmrc",
				 url, status);
	if (status == 404)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry has no %s in version %s (%s)", name, version, url);
	return error_set(err, PROBLEM_INSTALL_FAILED, "%s answers %d", url, status);
}

/* One version's document; a registry that knows no such address is asked for the whole
 * package. *ret lies in body. */
static int find_document(struct fetcher *fetcher, const char *registry, const char *name,
			 const char *version, struct buf *body, struct span *ret,
			 struct sa_error *err)
{
	cleanup_free char *rest = xasprintf("/%s", version);
	cleanup_free char *url = package_url(registry, name, rest);
	cleanup_free char *whole = package_url(registry, name, "");
	struct fetch_text fetch = {.accept = "application/json", .has_login = true};
	if (fetch_text(fetcher, url, &fetch, body, err) < 0)
		return -1;
	if (fetch.status == 200 && json_check(buf_span(body), NULL) == 0) {
		*ret = span_trim(buf_span(body));
		return 0;
	}
	if (fetch.status != 404 && fetch.status != 405 && fetch.status != 200)
		return refused(fetch.status, url, name, version, err);
	fetch = (struct fetch_text){.accept = ABBREVIATED, .has_login = true};
	if (fetch_text(fetcher, whole, &fetch, body, err) < 0)
		return -1;
	if (fetch.status != 200)
		return refused(fetch.status, whole, name, version, err);
	if (json_check(buf_span(body), NULL) < 0)
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s is no JSON", whole);
	cleanup_free char *tagged =
	    json_string_dup(json_get(json_get(buf_span(body), "dist-tags"), version));
	*ret = json_get(json_get(buf_span(body), "versions"), tagged ? tagged : version);
	return ret->p ? 0 : refused(404, whole, name, version, err);
}

/* Is what the document says of a kind that can be relied on? */
static int judge(const struct package *package, const char *registry, struct manifest *m,
		 struct sa_error *err)
{
	if (!m->version || !manifest_is_version(m->version) || !m->tarball)
		return error_set(err, PROBLEM_INSTALL_FAILED, "the registry's answer on %s is broken",
				 package->npm);
	if (strncasecmp(registry, "https://", 8) == 0 && strncasecmp(m->tarball, "https://", 8) != 0)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry sends %s away from https: refused (%s)", package->npm,
				 m->tarball);
	bool has_digest = m->integrity && digest_is_known(m->integrity);
	if (!package->integrity) {
		if (!has_digest)
			return error_set(err, PROBLEM_INSTALL_FAILED,
					 "the registry gives no SHA-512 or SHA-256 of %s %s",
					 package->npm, m->version);
		if (!fetch_is_private(registry))
			return error_set(err, PROBLEM_INSTALL_FAILED,
					 "%s is no https address: whoever is in between chooses what "
					 "is installed; only versions whose digest is known beforehand "
					 "(pinned, or --lock) are fetched from it",
					 registry);
		return 0;
	}
	if (has_digest && strcmp(m->integrity, package->integrity) != 0)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry's %s %s is not the one that is pinned: its digest is "
				 "%s, expected %s",
				 package->npm, m->version, m->integrity, package->integrity);
	free(m->integrity);
	m->integrity = xstrdup(package->integrity);
	return 0;
}

static int fetch_version(struct fetcher *fetcher, const struct package *package, const char *version,
			 const char *registry, struct manifest *ret, struct sa_error *err)
{
	cleanup_buf struct buf body = BUF_INIT(MANIFEST_MAX_BYTES);
	struct span document;
	if (find_document(fetcher, registry, package->npm, version, &body, &document, err) < 0)
		return -1;
	struct span dist = json_get(document, "dist");
	ret->version = json_string_dup(json_get(document, "version"));
	ret->tarball = json_string_dup(json_get(dist, "tarball"));
	ret->integrity = json_string_dup(json_get(dist, "integrity"));
	return 0;
}

char *manifest_latest(struct fetcher *fetcher, const struct package *package, struct sa_error *err)
{
	cleanup_free char *registry = npmrc_registry(fetcher->rc, package->npm, err);
	cleanup_manifest struct manifest m = {.version = NULL};
	if (!registry || fetch_version(fetcher, package, "latest", registry, &m, err) < 0)
		return NULL;
	if (m.version && manifest_is_version(m.version))
		return TAKE_PTR(m.version);
	error_set(err, PROBLEM_INSTALL_FAILED, "the registry names no latest version of %s",
		  package->npm);
	return NULL;
}

int manifest_fetch(struct fetcher *fetcher, const struct package *package, struct manifest *ret,
		   struct sa_error *err)
{
	cleanup_free char *registry = npmrc_registry(fetcher->rc, package->npm, err);
	cleanup_manifest struct manifest m = {.version = NULL};
	if (!registry)
		return -1;
	if (fetch_version(fetcher, package, package->version, registry, &m, err) < 0 ||
	    judge(package, registry, &m, err) < 0)
		return -1;
	*ret = m;
	m = (struct manifest){.version = NULL};
	return 0;
}
