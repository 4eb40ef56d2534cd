/* --remove, --rollback, --outdated, --refresh: everything that installs nothing. */
#include "options.h"

#include "acp.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "manifest.h"
#include "package.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef int component_fn(struct place *place, struct sa_error *err);
typedef int opener_fn(struct place *place, const struct agent_record *record, bool is_locked,
		      struct sa_error *err);

static opener_fn *const openers[] = {place_open_native, place_open_adapter};

/* Do it to both components. How many it was done to; -1. "Not there" is none. */
static int each_component(const struct agent_record *record, component_fn *fn, struct sa_error *err)
{
	int done = 0;
	for (size_t i = 0; i < ARRAY_SIZE(openers); i++) {
		cleanup_place struct place place = PLACE_INIT;
		struct sa_error why = SA_ERROR_INIT;
		if (openers[i](&place, record, false, err) < 0)
			return -1;
		/* Nothing is made for an agent that was never installed. */
		if (access(place.folder, F_OK) < 0 && access(place.link, F_OK) < 0)
			continue;
		place_close(&place);
		if (openers[i](&place, record, true, err) < 0)
			return -1;
		int rc = fn(&place, &why);
		if (rc < 0 && why.kind != PROBLEM_NOT_FOUND) {
			*err = why;
			return -1;
		}
		done += rc > 0;
	}
	return done;
}

static int rollback(struct place *place, struct sa_error *err)
{
	return place_rollback(place, err) < 0 ? -1 : 1;
}

int job_remove(const struct options *o, int count, char **names, struct sa_error *err)
{
	for (int i = 0; i < count; i++) {
		cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
		if (catalog_find(names[i], &record, err) < 0)
			return report_failure(o, names[i], err);
		int done =
		    each_component(&record, o->is_rollback ? rollback : place_remove, err);
		if (done == 0)
			error_set(err, PROBLEM_NOT_FOUND,
				  o->is_rollback ? "there is no version of %s to go back to"
						 : "%s was not installed here",
				  record.name);
		if (done <= 0)
			return report_failure(o, record.name, err);
		cleanup_free char *folder = catalog_data_folder();
		cleanup_free char *note = xasprintf("%s/%s.json", folder, record.name);
		if (!o->is_rollback)
			unlink(note);
	}
	return SA_EXIT_OK;
}

static void print_row(const struct options *o, const char *name, const char *package,
		      const char *installed, const char *latest)
{
	if (command_wants_text(&o->common)) {
		printf("%-12s %-14s %-14s %s\n", name, installed, latest, package);
		return;
	}
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "agent", name);
	json_kv_string(&b, "package", package);
	json_kv_string(&b, "installed", installed);
	json_kv_string(&b, "latest", latest);
	json_close(&b, '}');
	printf("%s\n", b.data);
}

/* Compare one component with its registry. 0, or -1. */
static int compare(const struct options *o, struct fetcher *fetcher, const struct place *place,
		   const struct package *package, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(PLACE_RECORD_MAX_BYTES);
	if (place_current(place, &text, err) <= 0)
		return 0;
	cleanup_free char *installed = json_string_dup(json_get(buf_span(&text), "version"));
	cleanup_free char *latest = manifest_latest(fetcher, package, err);
	if (!latest)
		return -1;
	if (installed && strcmp(installed, latest) != 0)
		print_row(o, place->component, package->npm, installed, latest);
	return 0;
}

static int compare_agent(const struct options *o, struct fetcher *fetcher,
			 const struct agent_record *record, struct sa_error *err)
{
	typedef int package_fn(const struct agent_record *record, struct package *ret,
			       struct sa_error *err);
	static package_fn *const packages[] = {package_of_agent, package_of_adapter};
	for (size_t i = 0; i < ARRAY_SIZE(openers); i++) {
		cleanup_place struct place place = PLACE_INIT;
		cleanup_package struct package package = {.npm = NULL};
		struct sa_error none;
		if (openers[i](&place, record, false, err) < 0)
			return -1;
		if (packages[i](record, &package, &none) == 0 &&
		    compare(o, fetcher, &place, &package, err) < 0)
			return -1;
	}
	return 0;
}

int job_outdated(const struct options *o, int count, char **names, struct sa_error *err)
{
	cleanup_npmrc struct npmrc rc;
	struct fetcher fetcher;
	int status = SA_EXIT_OK;
	npmrc_read(&rc, !o->install.is_lazy);
	fetcher_init(&fetcher, &rc, NULL, o->install.is_offline);
	for (int i = 0; i < count; i++) {
		cleanup_agent_record struct agent_record record = AGENT_RECORD_INIT;
		if (catalog_find(names[i], &record, err) < 0 ||
		    compare_agent(o, &fetcher, &record, err) < 0)
			status = report_failure(o, names[i], err);
	}
	fetcher_free(&fetcher);
	return status;
}

int job_refresh(const struct options *o, struct sa_error *err)
{
	cleanup_npmrc struct npmrc rc;
	cleanup_buf struct buf index = BUF_INIT(CATALOG_REGISTRY_MAX_BYTES);
	struct fetcher fetcher;
	struct progress progress;
	npmrc_read(&rc, false);
	progress_init(&progress, "registry", o->install.is_quiet);
	fetcher_init(&fetcher, &rc, &progress, o->install.is_offline);
	int status = acp_index(&fetcher, &index, err);
	fetcher_free(&fetcher);
	return status < 0 ? report_failure(o, NULL, err) : SA_EXIT_OK;
}
