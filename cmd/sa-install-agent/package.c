#include "package.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "os/io.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { CPUINFO_MAX_BYTES = 4 << 20 };

void package_clear(struct package *package)
{
	free(package->npm);
	free(package->version);
	free(package->suffix);
	free(package->integrity);
	free(package->entry);
	free(package->node);
	*package = (struct package){.npm = NULL};
}

static const char *machine(void)
{
	static struct utsname name;
	return name.machine[0] || uname(&name) == 0 ? name.machine : "unknown";
}

const char *platform_arch(void)
{
	const char *m = machine();
	return strcmp(m, "x86_64") == 0 ? "x64" : strcmp(m, "aarch64") == 0 ? "arm64" : m;
}

const char *platform_acp(void)
{
	static char name[96];
	if (!*name)
		snprintf(name, sizeof(name), "linux-%s", machine());
	return name;
}

/* Which C library programs find here: that of the loader that is there. */
static const char *platform_libc(void)
{
	static const char *const glibc[] = {"/lib64/ld-linux-x86-64.so.2",
					    "/lib/ld-linux-x86-64.so.2",
					    "/lib/ld-linux-aarch64.so.1"};
	for (size_t i = 0; i < ARRAY_SIZE(glibc); i++)
		if (access(glibc[i], F_OK) == 0)
			return "glibc";
	return access("/lib/ld-musl-x86_64.so.1", F_OK) == 0 ||
		       access("/lib/ld-musl-aarch64.so.1", F_OK) == 0
		   ? "musl"
		   : "glibc";
}

static bool has_cpu_flag(const char *flag)
{
	cleanup_buf struct buf text = BUF_INIT(CPUINFO_MAX_BYTES);
	struct sa_error ignored;
	if (io_read_file("/proc/cpuinfo", &text, &ignored) < 0)
		return false;
	cleanup_free char *word = xasprintf(" %s ", flag);
	return strstr(text.data, word) != NULL;
}

static bool fits(struct span json)
{
	struct span arch = json_get(json, "arch"), libc = json_get(json, "libc");
	cleanup_free char *cpu = json_string_dup(json_get(json, "cpu"));
	return (!arch.p || json_string_is(arch, platform_arch())) &&
	       (!libc.p || json_string_is(libc, platform_libc())) && (!cpu || has_cpu_flag(cpu));
}

static void fill(struct package *ret, struct span json)
{
	*ret = (struct package){
	    .npm = json_string_dup(json_get(json, "npm")),
	    .version = json_string_dup(json_get(json, "version")),
	    .suffix = json_string_dup(json_get(json, "suffix")),
	    .integrity = json_string_dup(json_get(json, "integrity")),
	    .entry = json_string_dup(json_get(json, "entry")),
	    .node = json_string_dup(json_get(json, "node")),
	    .has_dependencies = json_bool_or(json_get(json, "dependencies"), false),
	};
}

static int check(const struct package *package, const struct agent_record *record,
		 struct sa_error *err)
{
	if (package->npm && package->version && package->entry && package->entry[0] != '/' &&
	    !strstr(package->entry, ".."))
		return 0;
	return error_set(err, PROBLEM_INVALID_REQUEST,
			 "agent '%s': %s: a package needs \"npm\", \"version\" and \"entry\"",
			 record->name, record->origin);
}

int package_of_agent(const struct agent_record *record, struct package *ret, struct sa_error *err)
{
	struct span list = agent_record_get(record, "packages"), item;
	struct json_iter it = json_iter(list);
	while (json_next(&it, NULL, &item)) {
		if (!fits(item))
			continue;
		fill(ret, item);
		return check(ret, record, err);
	}
	if (list.p)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "%s has no package for this machine (%s, %s)", record->name,
				 platform_acp(), platform_libc());
	cleanup_free char *maker = json_string_dup(agent_record_get(record, "maker"));
	return error_set(err, PROBLEM_INSTALL_FAILED, "%s: %s", record->name,
			 maker ? maker
			       : "nothing is known of how it is installed; put its program on PATH");
}

int package_of_adapter(const struct agent_record *record, struct package *ret, struct sa_error *err)
{
	struct span json = json_path(agent_record_get(record, "adapter"), "package");
	if (!json.p)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "there is no official ACP adapter of %s to install", record->name);
	fill(ret, json);
	return check(ret, record, err);
}

void package_set_version(struct package *package, const char *version)
{
	cleanup_free char *wanted = xasprintf(
	    "%s%s", version, package->suffix && strcmp(version, "latest") ? package->suffix : "");
	if (strcmp(wanted, package->version) == 0)
		return;
	free(package->version);
	package->version = TAKE_PTR(wanted);
	free(package->integrity);
	package->integrity = NULL;
}

char *package_plain_version(const struct package *package)
{
	size_t n = strlen(package->version), end = package->suffix ? strlen(package->suffix) : 0;
	bool has_suffix = end && n > end && strcmp(package->version + n - end, package->suffix) == 0;
	return xmemdup0(package->version, has_suffix ? n - end : n);
}

char *package_file_name(const struct package *package)
{
	const char *name = package->npm[0] == '@' ? package->npm + 1 : package->npm;
	char *file = xasprintf("%s-%s.tgz", name, package->version);
	for (char *p = file; *p; p++)
		if (*p == '/')
			*p = '-';
	return file;
}
