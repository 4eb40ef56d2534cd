/* One component: a package, from a registry, a file or a folder, into its place. */
#include "install.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cache.h"
#include "digest.h"
#include "local.h"
#include "lockfile.h"
#include "manifest.h"
#include "node.h"
#include "os/io.h"
#include "unpack.h"
#include "json/scan.h"
#include "json/write.h"

#include <string.h>
#include <unistd.h>

int component_record(struct component *component, const char *package, const char *version,
		     const char *integrity, const char *entry, struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(PLACE_RECORD_MAX_BYTES);
	json_open(&b, '{');
	json_kv_string(&b, "component", component->place->component);
	json_kv_string(&b, "package", package);
	json_kv_string(&b, "version", version);
	json_kv_string(&b, "integrity", integrity);
	json_kv_string(&b, "entry", entry);
	json_kv_string(&b, "source", component->source);
	json_kv_time(&b, "installedAt", clock_now_ms());
	json_close(&b, '}');
	buf_addc(&b, '\n');
	if (b.is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "the record of %s is too large", package);
	return place_write(component->place, PLACE_RECORD, buf_span(&b), false, err);
}

int component_unpack(struct component *component, const char *url, bool has_login,
		     const char *version, const char *integrity, int strip, char **ret_integrity,
		     struct sa_error *err)
{
	struct place *place = component->place;
	cleanup_close int fd = place_partial(place, version, err);
	if (fd < 0)
		return -1;
	bool was_begun = lseek(fd, 0, SEEK_END) > 0;
	progress_step(component->progress, was_begun ? "resume" : "fetch", url);
	if (fetch_file(component->fetcher, url, has_login, fd, err) < 0)
		return -1;
	progress_step(component->progress, "verify", integrity ? integrity : "no digest is known");
	if (integrity && digest_check(fd, integrity, url, err) < 0) {
		/* The beginning may be of another download: once more, all of it. */
		if (ftruncate(fd, 0) < 0 || !was_begun ||
		    fetch_file(component->fetcher, url, has_login, fd, err) < 0 ||
		    digest_check(fd, integrity, url, err) < 0) {
			place_drop_partial(place, version);
			return -1;
		}
	}
	if (ret_integrity && !(*ret_integrity = digest_sha512(fd, url, err)))
		return -1;
	progress_step(component->progress, "unpack", place->folder);
	if (place_stage(place, err) < 0)
		return -1;
	int rc = unpack(fd, place->staging, strip, url, err);
	/* It is whole: what cannot be unpacked now never will be. No space left is another matter,
	 * and the file is then the first thing to go. */
	place_drop_partial(place, version);
	return rc;
}

/* Out of npm's cache, for a digest that is known. 1: it is not there; 0, or -1. */
static int from_cache(struct component *component, const struct package *package,
		      struct sa_error *err)
{
	cleanup_close int fd = cache_open(component->fetcher->rc, package->integrity);
	if (fd < 0)
		return 1;
	progress_step(component->progress, "cached", package->npm);
	if (place_stage(component->place, err) < 0)
		return -1;
	return unpack(fd, component->place->staging, 1, package->npm, err);
}

/* From the package registry: one file with all of it. *integrity as pinned or as told. */
static int from_registry(struct component *component, struct package *package, struct sa_error *err)
{
	int rc = from_cache(component, package, err);
	if (rc <= 0)
		return rc;
	cleanup_manifest struct manifest m = {.version = NULL};
	progress_step(component->progress, "look up", package->npm);
	if (manifest_fetch(component->fetcher, package, &m, err) < 0 ||
	    component_unpack(component, m.tarball, true, m.version, m.integrity, 1, NULL, err) < 0)
		return -1;
	free(package->version);
	free(package->integrity);
	package->version = TAKE_PTR(m.version);
	package->integrity = TAKE_PTR(m.integrity);
	return 0;
}

static int with_npm(struct component *component, struct package *package, struct span lock,
		    struct buf *package_lock, struct sa_error *err)
{
	progress_step(component->progress, "npm", package->npm);
	if (place_stage(component->place, err) < 0 ||
	    node_install(component->place, package, component->options->is_offline,
			 json_get(lock, "packageLock"), package_lock, err) < 0)
		return -1;
	char *entry = xasprintf("node_modules/%s/%s", package->npm, package->entry);
	free(package->entry);
	package->entry = entry;
	if (package->integrity)
		return 0;
	cleanup_free char *key = xasprintf("node_modules/%s", package->npm);
	struct span row = json_get(json_get(buf_span(package_lock), "packages"), key);
	package->integrity = json_string_dup(json_get(row, "integrity"));
	return 0;
}

/* The version and digest that a lock file names count more than the pinned ones. */
static int apply_lock(const struct component *component, struct package *package, struct buf *text,
		      struct span *ret_entry, struct sa_error *err)
{
	const char *path = component->options->lockfile;
	*ret_entry = SPAN_NONE;
	if (!path)
		return 0;
	if (lockfile_read(path, text, err) < 0)
		return -1;
	struct span entry = lockfile_entry(buf_span(text), component->place->component);
	char *version = json_string_dup(json_get(entry, "version"));
	char *integrity = json_string_dup(json_get(entry, "integrity"));
	if (!entry.p) {
		free(version);
		free(integrity);
		return 0;
	}
	if (!version || !manifest_is_version(version) ||
	    !json_string_is(json_get(entry, "package"), package->npm)) {
		free(version);
		free(integrity);
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "%s: its entry for %s is not of package %s", path,
				 component->place->component, package->npm);
	}
	if (component->is_version_asked && strcmp(version, package->version) != 0) {
		error_set(err, PROBLEM_INVALID_REQUEST, "%s names version %s of %s, not %s", path,
			  version, component->place->component, package->version);
		free(version);
		free(integrity);
		return -1;
	}
	free(package->version);
	free(package->integrity);
	package->version = version;
	package->integrity = integrity;
	*ret_entry = entry;
	return 0;
}

static int write_lock(const struct component *component, const struct package *package,
		      const struct buf *package_lock, struct sa_error *err)
{
	if (!component->options->lockfile)
		return 0;
	cleanup_buf struct buf b = BUF_INIT(LOCKFILE_MAX_BYTES);
	json_open(&b, '{');
	json_kv_string(&b, "package", package->npm);
	json_kv_string(&b, "version", package->version);
	json_kv_string(&b, "integrity", package->integrity);
	if (package_lock->len)
		json_kv_raw(&b, "packageLock", buf_span(package_lock));
	json_close(&b, '}');
	return lockfile_write(component->options->lockfile, component->place->component,
			      buf_span(&b), err);
}

/* What is in use and the lock file: 1 when it is what is named there, or was noted there because
 * nothing was; 0 when there is something to install; -1. */
static int match_lock(const struct component *component, struct package *package, bool is_named,
		      struct sa_error *err)
{
	const struct install_options *o = component->options;
	cleanup_buf struct buf text = BUF_INIT(PLACE_RECORD_MAX_BYTES);
	struct sa_error ignored;
	if (!o->lockfile || o->is_reinstall || o->from ||
	    place_current(component->place, &text, &ignored) <= 0)
		return 0;
	struct span record = buf_span(&text);
	cleanup_free char *version = json_string_dup(json_get(record, "version"));
	cleanup_free char *integrity = json_string_dup(json_get(record, "integrity"));
	cleanup_free char *plain = package_plain_version(package);
	if (!version || !integrity || !json_string_is(json_get(record, "package"), package->npm))
		return 0;
	bool is_that = strcmp(version, plain) == 0;
	if (is_named)
		return is_that && package->integrity && strcmp(integrity, package->integrity) == 0;
	/* npm's own lock of what came with it is not kept. */
	if (package->has_dependencies || (component->is_version_asked && !is_that))
		return 0;
	static const struct buf no_lock = {.len = 0};
	package_set_version(package, version);
	free(package->integrity);
	package->integrity = TAKE_PTR(integrity);
	return write_lock(component, package, &no_lock, err) < 0 ? -1 : 1;
}

int component_install(struct component *component, struct package *package, struct sa_error *err)
{
	cleanup_buf struct buf lock_text = BUF_INIT(LOCKFILE_MAX_BYTES);
	cleanup_buf struct buf package_lock = BUF_INIT(LOCKFILE_MAX_BYTES);
	cleanup_free char *node = NULL;
	struct span lock;
	if (package->node && !(node = node_find(package->node, err)))
		return -1;
	if (apply_lock(component, package, &lock_text, &lock, err) < 0)
		return -1;
	int rc = match_lock(component, package, lock.p, err);
	if (rc != 0)
		return rc;
	component->source = component->options->from ? "local_path" : "registry";
	if (component->options->from)
		rc = local_stage(component, package, err);
	else if (package->has_dependencies)
		rc = with_npm(component, package, lock, &package_lock, err);
	else
		rc = from_registry(component, package, err);
	if (rc < 0)
		return -1;
	const char *entry = node ? PLACE_RUN : package->entry;
	if (node &&
	    node_write_run(component->place, package->version, node, package->entry, err) < 0)
		return -1;
	cleanup_free char *plain = package_plain_version(package);
	if (component_record(component, package->npm, plain, package->integrity, entry, err) < 0 ||
	    place_commit(component->place, package->version, entry, err) < 0 ||
	    write_lock(component, package, &package_lock, err) < 0)
		return -1;
	component->version = TAKE_PTR(plain);
	return 0;
}
