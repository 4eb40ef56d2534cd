#include "acp.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "manifest.h"
#include "node.h"
#include "os/dirs.h"
#include "os/io.h"
#include "package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_URL "https://cdn.agentclientprotocol.com/registry/v1/latest/registry.json"
/* What a package out of the registry is run with, at least; they do not say it. */
#define NODE_LEAST "18"

static const char *named_url(void)
{
	const char *url = getenv("SANDBOX_AGENT_ACP_REGISTRY_URL");
	return url && *url ? url : NULL;
}

bool acp_is_named(void)
{
	return named_url() != NULL;
}

static int write_file(const char *path, struct span text, struct sa_error *err)
{
	cleanup_free char *next = xasprintf("%s.new", path);
	cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0 && io_write_all(fd, text) == 0 && rename(next, path) == 0)
		return 0;
	error_set_errno(err, PROBLEM_INSTALL_FAILED, errno, "write %s", path);
	unlink(next);
	return -1;
}

/* The ETag beside the copy holds for one address: "URL\nETAG\n". NULL: none. */
static char *known_etag(const char *path, const char *url)
{
	cleanup_buf struct buf text = BUF_INIT(CATALOG_FILE_MAX_BYTES);
	struct sa_error ignored;
	size_t n = strlen(url);
	if (io_read_file(path, &text, &ignored) < 0 || text.len < n + 2 ||
	    strncmp(text.data, url, n) != 0 || text.data[n] != '\n')
		return NULL;
	struct span tag = span_trim((struct span){text.data + n, text.len - n});
	return tag.n ? xmemdup0(tag.p, tag.n) : NULL;
}

static int keep(const char *path, const char *etag_path, const char *url, const char *etag,
		struct span text, struct sa_error *err)
{
	cleanup_free char *folder = xmemdup0(path, (size_t)(strrchr(path, '/') - path));
	cleanup_free char *note = xasprintf("%s\n%s\n", url, etag);
	/* The index first: an ETag without it would never let it be fetched. */
	unlink(etag_path);
	if (dirs_make(folder, err) < 0 || write_file(path, text, err) < 0)
		return -1;
	return write_file(etag_path, span_of(note), err);
}

int acp_index(struct fetcher *fetcher, struct buf *text, struct sa_error *err)
{
	const char *url = named_url() ? named_url() : DEFAULT_URL;
	cleanup_free char *path = catalog_registry_path();
	cleanup_free char *etag_path = path ? xasprintf("%s.etag", path) : NULL;
	cleanup_free char *etag = NULL;
	struct sa_error why = SA_ERROR_INIT, ignored;
	if (!path)
		return error_set(err, PROBLEM_INSTALL_FAILED, "no home directory: set HOME");
	if (access(path, R_OK) == 0)
		etag = known_etag(etag_path, url);
	struct fetch_text fetch = {.accept = "application/json", .if_none_match = etag};
	if (fetch_text(fetcher, url, &fetch, text, &why) == 0) {
		bool is_index = fetch.status == 200 && json_check(buf_span(text), NULL) == 0 &&
				json_type(json_get(buf_span(text), "agents")) == JSON_ARRAY;
		if (is_index) {
			/* A cache that cannot be written is no reason to fail. */
			keep(path, etag_path, url, fetch.etag, buf_span(text), &ignored);
			return 0;
		}
		if (fetch.status != 304)
			error_set(&why, PROBLEM_INSTALL_FAILED, "%s answers %d%s", url,
				  fetch.status, fetch.status == 200 ? " and no registry" : "");
	}
	buf_clear(text);
	if (io_read_file(path, text, &ignored) == 0 && json_check(buf_span(text), NULL) == 0) {
		if (why.kind != PROBLEM_NONE && fetcher->progress)
			progress_step(fetcher->progress, "cached", why.message);
		return 0;
	}
	*err = why.kind != PROBLEM_NONE ? why : ignored;
	return -1;
}

static bool is_inside(const char *path)
{
	return *path != '/' && !strstr(path, "..");
}

/* The launcher of an archive: its environment, then the program with its words. */
static int write_run(struct component *component, struct span binary, const char *version,
		     const char *node, const char *program, struct sa_error *err)
{
	cleanup_free char *folder = place_final(component->place, version);
	cleanup_buf struct buf text = BUF_INIT(BUF_MAX_OWN);
	struct json_iter env = json_iter(json_get(binary, "env"));
	struct json_iter args = json_iter(json_get(binary, "args"));
	struct span key, value;
	buf_adds(&text, "#!/bin/sh\n");
	while (json_next(&env, &key, &value)) {
		cleanup_free char *name = json_string_dup(key);
		cleanup_free char *word = json_string_dup(value);
		static const char letters[] =
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
		if (!name || !word || !*name || (*name >= '0' && *name <= '9') ||
		    name[strspn(name, letters)])
			return error_set(err, PROBLEM_INSTALL_FAILED,
					 "the registry's env has no usable name '%.40s'",
					 name ? name : "");
		buf_addf(&text, "export %s=", name);
		shell_add_quoted(&text, word);
		buf_addc(&text, '\n');
	}
	cleanup_free char *path = xasprintf("%s/%s", folder, program);
	buf_adds(&text, "exec ");
	if (node) {
		shell_add_quoted(&text, node);
		buf_addc(&text, ' ');
	}
	shell_add_quoted(&text, path);
	while (json_next(&args, NULL, &value)) {
		cleanup_free char *word = json_string_dup(value);
		buf_addc(&text, ' ');
		shell_add_quoted(&text, word ? word : "");
	}
	buf_adds(&text, " \"$@\"\n");
	return place_write(component->place, PLACE_RUN, buf_span(&text), true, err);
}

static int install_binary(struct component *component, struct span binary, const char *id,
			  const char *version, struct sa_error *err)
{
	cleanup_free char *archive = json_string_dup(json_get(binary, "archive"));
	cleanup_free char *command = json_string_dup(json_get(binary, "cmd"));
	cleanup_free char *sha256 = json_string_dup(json_get(binary, "sha256"));
	cleanup_free char *integrity = NULL;
	if (!archive || !command)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry's entry of %s has no archive or cmd", id);
	const char *program = strncmp(command, "./", 2) == 0 ? command + 2 : command;
	if (!is_inside(program))
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry's cmd '%s' of %s leads out of its archive", command,
				 id);
	if (!sha256 && !fetch_is_private(archive))
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "%s is no https address, and the registry gives no digest of it",
				 archive);
	if (component_unpack(component, archive, false, version, sha256, 0, &integrity, err) < 0)
		return -1;
	cleanup_free char *path = xasprintf("%s/%s", component->place->staging, program);
	if (chmod(path, 0755) < 0)
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s: there is no '%s' in %s", id,
				 program, archive);
	if (write_run(component, binary, version, NULL, program, err) < 0 ||
	    component_record(component, id, version, integrity, PLACE_RUN, err) < 0 ||
	    place_commit(component->place, version, PLACE_RUN, err) < 0)
		return -1;
	component->version = xstrdup(version);
	return 0;
}

/* Which file of the package runs: its only "bin", or the one that is named. The caller frees. */
static char *package_program(const char *folder, const char *npm, const char *wanted)
{
	cleanup_buf struct buf text = BUF_INIT(CATALOG_FILE_MAX_BYTES);
	cleanup_free char *path = xasprintf("%s/node_modules/%s/package.json", folder, npm);
	struct sa_error ignored;
	if (io_read_file(path, &text, &ignored) < 0 || json_check(buf_span(&text), NULL) < 0)
		return NULL;
	struct span bin = json_get(buf_span(&text), "bin"), value = bin;
	if (json_type(bin) == JSON_OBJECT) {
		struct json_iter it = json_iter(bin);
		value = wanted ? json_get(bin, wanted) : SPAN_NONE;
		if (!value.p && !json_next(&it, NULL, &value))
			return NULL;
	}
	cleanup_free char *entry = json_string_dup(value);
	if (!entry)
		return NULL;
	const char *inside = strncmp(entry, "./", 2) == 0 ? entry + 2 : entry;
	return is_inside(inside) ? xasprintf("node_modules/%s/%s", npm, inside) : NULL;
}

/* "name@1.2.3", "@scope/name@1.2.3" or without a version. */
static int install_npx(struct component *component, struct span npx, const char *id,
		       const char *version, struct sa_error *err)
{
	cleanup_free char *spec = json_string_dup(json_get(npx, "package"));
	cleanup_free char *command = json_string_dup(json_get(npx, "cmd"));
	cleanup_free char *node = node_find(NODE_LEAST, err);
	char *at = spec && *spec ? strchr(spec + 1, '@') : NULL;
	if (!node)
		return -1;
	if (!spec)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry's entry of %s names no package", id);
	const char *wanted = component->options->adapter_version;
	cleanup_package struct package package = {
	    .version = xstrdup(wanted ? wanted : at ? at + 1 : version),
	    .has_dependencies = true,
	};
	if (at)
		*at = '\0';
	package.npm = xstrdup(spec);
	cleanup_buf struct buf lock = BUF_INIT(CATALOG_REGISTRY_MAX_BYTES);
	progress_step(component->progress, "npm", spec);
	if (!manifest_is_version(package.version) || place_stage(component->place, err) < 0 ||
	    node_install(component->place, &package, component->options->is_offline, SPAN_NONE,
			 &lock, err) < 0)
		return manifest_is_version(package.version)
			   ? -1
			   : error_set(err, PROBLEM_INSTALL_FAILED, "'%s' is no version",
				       package.version);
	cleanup_free char *program = package_program(component->place->staging, spec, command);
	if (!program)
		return error_set(err, PROBLEM_INSTALL_FAILED, "package %s has no program", spec);
	if (write_run(component, npx, package.version, node, program, err) < 0 ||
	    component_record(component, spec, package.version, NULL, PLACE_RUN, err) < 0 ||
	    place_commit(component->place, package.version, PLACE_RUN, err) < 0)
		return -1;
	component->version = xstrdup(package.version);
	return 0;
}

/* An agent that came from the registry is known by a record of its own from now on. */
static int note_agent(const struct agent_record *record, struct sa_error *err)
{
	if (record->base.p)
		return 0;
	cleanup_free char *folder = catalog_data_folder();
	cleanup_free char *path = xasprintf("%s/%s.json", folder, record->name);
	cleanup_buf struct buf text = BUF_INIT(CATALOG_FILE_MAX_BYTES);
	json_open(&text, '{');
	json_kv_string(&text, "name", record->name);
	json_kv_raw(&text, "title", agent_record_get(record, "title"));
	json_kv_raw(&text, "acp", agent_record_get(record, "acp"));
	json_close(&text, '}');
	buf_addc(&text, '\n');
	return dirs_make(folder, err) < 0 ? -1 : write_file(path, buf_span(&text), err);
}

/* The entry under the agent's name or one of its aliases. */
static struct span find_entry(const struct agent_record *record, struct span index)
{
	struct span entry = catalog_registry_entry(index, record->name);
	struct json_iter it = json_iter(agent_record_get(record, "aliases"));
	struct span alias;
	while (!entry.p && json_next(&it, NULL, &alias)) {
		cleanup_free char *id = json_string_dup(alias);
		if (id)
			entry = catalog_registry_entry(index, id);
	}
	return entry;
}

int acp_install(struct component *component, const struct agent_record *record, struct sa_error *err)
{
	cleanup_buf struct buf index = BUF_INIT(CATALOG_REGISTRY_MAX_BYTES);
	bool is_only_there = agent_record_get(record, "acp").p != NULL;
	struct sa_error why = SA_ERROR_INIT;
	if (!is_only_there && !acp_is_named())
		return 0;
	struct span entry = agent_record_get(record, "acp");
	if (acp_index(component->fetcher, &index, &why) == 0) {
		struct span fresh = find_entry(record, buf_span(&index));
		entry = fresh.p ? fresh : entry;
	} else if (!is_only_there) {
		progress_step(component->progress, "skip", why.message);
		return 0;
	}
	if (!entry.p)
		return 0;
	cleanup_free char *id = json_string_dup(json_get(entry, "id"));
	cleanup_free char *version = json_string_dup(json_get(entry, "version"));
	const char *wanted = component->options->adapter_version;
	const char *used = wanted ? wanted : version ? version : "0";
	struct span distribution = json_get(entry, "distribution");
	struct span binary = json_get(json_get(distribution, "binary"), platform_acp());
	struct span npx = json_get(distribution, "npx");
	component->source = "registry";
	if (!manifest_is_version(used))
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "the registry's version of %s is none: '%.60s'", id, used);
	int rc;
	if (binary.p)
		rc = install_binary(component, binary, id ? id : record->name, used, err);
	else if (npx.p)
		rc = install_npx(component, npx, id ? id : record->name, used, err);
	else
		rc = error_set(err, PROBLEM_INSTALL_FAILED,
			       "the registry has no program of %s for %s%s", record->name,
			       platform_acp(),
			       json_get(distribution, "uvx").p
				   ? ": it is started with uvx; write agents.d/NAME.json with "
				     "\"command\":[\"uvx\", ...]"
				   : "");
	return rc < 0 || note_agent(record, err) < 0 ? -1 : 1;
}
