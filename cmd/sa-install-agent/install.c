#include "install.h"

#include "acp.h"
#include "agent/registry.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "manifest.h"
#include "os/dirs.h"
#include "package.h"
#include "json/scan.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void installation_clear(struct installation *installation)
{
	for (size_t i = 0; i < installation->count; i++) {
		free(installation->artifacts[i].path);
		free(installation->artifacts[i].version);
	}
	installation->count = 0;
}

static void add(struct installation *ret, bool is_native, const char *source, const char *path,
		const char *version)
{
	ret->artifacts[ret->count++] =
	    (struct artifact){is_native, source, xstrdup(path), xstrdup(version)};
}

int place_open_native(struct place *place, const struct agent_record *record, bool is_locked,
		      struct sa_error *err)
{
	cleanup_free char *program = json_string_dup(agent_record_get(record, "program"));
	return place_open(place, record->name, program ? program : record->name, is_locked, err);
}

int place_open_adapter(struct place *place, const struct agent_record *record, bool is_locked,
		       struct sa_error *err)
{
	cleanup_free char *component = xasprintf("%s-acp", record->name);
	cleanup_free char *link = xasprintf("agent_processes/%s-acp", record->name);
	return place_open(place, component, link, is_locked, err);
}

/* Whether the version that we installed is this one. */
static bool has_version(const struct place *place, const char *version)
{
	cleanup_buf struct buf text = BUF_INIT(PLACE_RECORD_MAX_BYTES);
	struct sa_error ignored;
	if (place_current(place, &text, &ignored) <= 0)
		return false;
	return json_string_is(json_get(buf_span(&text), "version"), version);
}

/* Tell, besides what went wrong, what is there now. */
static int told(const struct place *place, const struct agent_record *record, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(PLACE_RECORD_MAX_BYTES);
	struct sa_error ignored;
	cleanup_free char *version = NULL;
	if (place_current(place, &text, &ignored) > 0)
		version = json_string_dup(json_get(buf_span(&text), "version"));
	cleanup_free char *words = xstrdup(err->message);
	enum problem_kind kind =
	    err->kind == PROBLEM_INVALID_REQUEST ? err->kind : PROBLEM_INSTALL_FAILED;
	return error_set(err, kind, "install %s: %s; %s%s%s", record->name, words,
			 version ? "version " : "nothing was changed", version ? version : "",
			 version ? " stays in use" : "");
}

/* Run one component with what it needs around it. A work_fn's 1 says: nothing to do. */
typedef int work_fn(struct component *component, const struct agent_record *record,
		    struct sa_error *err);

static int run_component(work_fn *work, struct place *place, const struct agent_record *record,
			 const struct install_options *options, bool is_native,
			 struct installation *ret, struct sa_error *err)
{
	cleanup_npmrc struct npmrc rc;
	struct progress progress;
	struct fetcher fetcher;
	npmrc_read(&rc, !options->is_lazy);
	progress_init(&progress, record->name, options->is_quiet);
	fetcher_init(&fetcher, &rc, &progress, options->is_offline);
	struct component component = {options, place, &fetcher, &progress, "registry", NULL, false};
	int status = work(&component, record, err);
	fetcher_free(&fetcher);
	if (status < 0)
		status = told(place, record, err);
	else if (status == 0)
		add(ret, is_native, component.source, place->link, component.version);
	free(component.version);
	return status < 0 ? -1 : 0;
}

/* "latest" becomes a number. 1: that one is in use already; 0, or -1. */
static int resolve_latest(struct component *component, struct package *package,
			  struct sa_error *err)
{
	if (strcmp(package->version, "latest") != 0)
		return 0;
	cleanup_free char *latest = manifest_latest(component->fetcher, package, err);
	if (!latest)
		return -1;
	if (!component->options->is_reinstall && has_version(component->place, latest))
		return 1;
	package_set_version(package, latest);
	return 0;
}

static int work_native(struct component *component, const struct agent_record *record,
		       struct sa_error *err)
{
	cleanup_package struct package package = {.npm = NULL};
	if (package_of_agent(record, &package, err) < 0)
		return -1;
	component->is_version_asked = component->options->agent_version;
	if (component->is_version_asked)
		package_set_version(&package, component->options->agent_version);
	int rc = resolve_latest(component, &package, err);
	return rc != 0 ? rc : component_install(component, &package, err);
}

/* Is the native program there, and of the version that was asked for? */
static bool has_native(const struct agent_record *record, const struct install_options *options,
		       const struct place *place)
{
	cleanup_free char *path = agent_native_path(record);
	/* What a lock file wants is seen when it is read. */
	if (!path || options->is_reinstall || options->from || options->lockfile)
		return false;
	return !options->agent_version || has_version(place, options->agent_version);
}

static int install_native(const struct agent_record *record, const struct install_options *options,
			  struct installation *ret, struct sa_error *err)
{
	cleanup_place struct place place = PLACE_INIT;
	if (!agent_record_get(record, "program").p)
		return 0;
	if (place_open_native(&place, record, false, err) < 0)
		return -1;
	if (has_native(record, options, &place))
		return 0;
	place_close(&place);
	if (place_open_native(&place, record, true, err) < 0)
		return told(&place, record, err);
	/* Somebody else may have installed it while we waited for the lock. */
	if (has_native(record, options, &place))
		return 0;
	return run_component(work_native, &place, record, options, true, ret, err);
}

static int work_adapter(struct component *component, const struct agent_record *record,
			struct sa_error *err)
{
	cleanup_package struct package package = {.npm = NULL};
	/* Whoever names a registry of ACP agents wants what is in it. */
	int rc = acp_install(component, record, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (package_of_adapter(record, &package, err) < 0)
		return -1;
	component->is_version_asked = component->options->adapter_version;
	if (component->is_version_asked)
		package_set_version(&package, component->options->adapter_version);
	rc = resolve_latest(component, &package, err);
	return rc != 0 ? rc : component_install(component, &package, err);
}

static bool has_adapter(const struct agent_record *record, const struct install_options *options,
			const struct place *place)
{
	cleanup_free char *adapter = agent_adapter_path(record);
	bool is_of_index = agent_record_get(record, "acp").p || acp_is_named();
	if (options->is_reinstall || (options->lockfile && !is_of_index))
		return false;
	if (options->adapter_version)
		return has_version(place, options->adapter_version);
	return access(place->link, F_OK) == 0 || adapter;
}

static int install_adapter(const struct agent_record *record, const struct install_options *options,
			   struct installation *ret, struct sa_error *err)
{
	cleanup_place struct place place = PLACE_INIT;
	if (place_open_adapter(&place, record, false, err) < 0)
		return -1;
	if (has_adapter(record, options, &place))
		return 0;
	place_close(&place);
	if (place_open_adapter(&place, record, true, err) < 0)
		return told(&place, record, err);
	if (has_adapter(record, options, &place))
		return 0;
	return run_component(work_adapter, &place, record, options, false, ret, err);
}

/* An agent that is one of our own commands: a launcher in the reference's place leads to it. */
static int install_builtin(const struct agent_record *record, const struct install_options *options,
			   const char *own, struct installation *ret, struct sa_error *err)
{
	cleanup_place struct place place = PLACE_INIT;
	struct stat st;
	if (place_open_adapter(&place, record, true, err) < 0)
		return -1;
	bool is_there = access(place.link, F_OK) == 0;
	if (is_there && !options->is_reinstall)
		return 0;
	/* A launcher that somebody wrote is used as it is. */
	bool is_foreign = is_there && lstat(place.link, &st) == 0 && !S_ISLNK(st.st_mode);
	if (!is_foreign) {
		unlink(place.link);
		if (symlink(own, place.link) < 0)
			return error_set_errno(err, PROBLEM_INSTALL_FAILED, errno, "make %s",
					       place.link);
	}
	add(ret, false, "builtin", place.link, NULL);
	return 0;
}

static char *own_path(const struct agent_record *record)
{
	struct json_iter it = json_iter(agent_record_get(record, "own"));
	struct span first;
	cleanup_free char *name = json_next(&it, NULL, &first) ? json_string_dup(first) : NULL;
	return name ? dirs_find_sibling(name) : NULL;
}

int install_agent(const struct agent_record *record, const struct install_options *options,
		  struct installation *ret, struct sa_error *err)
{
	cleanup_free char *own = own_path(record);
	bool is_official = options->is_official || options->adapter_version;
	if (options->agent_version && !manifest_is_version(options->agent_version))
		return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is no version",
				 options->agent_version);
	if (options->adapter_version && !manifest_is_version(options->adapter_version))
		return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is no version",
				 options->adapter_version);
	if (agent_record_get(record, "command").p)
		return 0; /* somebody's own: it is there, or its file is wrong */
	if (own && !agent_record_get(record, "program").p)
		return install_builtin(record, options, own, ret, err);
	if (agent_record_get(record, "acp").p)
		return install_adapter(record, options, ret, err);
	cleanup_agent_program struct agent_program program = {.name = NULL};
	struct sa_error ignored;
	bool is_usable = agent_program_of(record, &program, &ignored) == 0;
	bool is_asked = options->agent_version || options->is_reinstall || options->from;
	/* An adapter on PATH brings its own agent, or finds it. */
	bool needs_native =
	    is_asked || !is_usable || program.route == ROUTE_OWN || program.route == ROUTE_NATIVE;
	bool wants_registry = acp_is_named() && agent_record_get(record, "adapter").p && !is_usable;
	if (wants_registry || is_official) {
		if (install_adapter(record, options, ret, err) < 0 && is_official)
			return -1;
		agent_program_clear(&program);
		is_usable = agent_program_of(record, &program, &ignored) == 0;
		needs_native &= !is_usable || is_asked;
	}
	if (needs_native && install_native(record, options, ret, err) < 0)
		return -1;
	agent_program_clear(&program);
	bool is_own =
	    agent_program_of(record, &program, &ignored) == 0 && program.route == ROUTE_OWN;
	if (is_own && ret->count > 0 && ret->count < ARTIFACTS_MAX)
		add(ret, false, "builtin", own, NULL);
	return 0;
}
