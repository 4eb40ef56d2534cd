#include "local.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "digest.h"
#include "json/scan.h"
#include "manifest.h"
#include "os/io.h"
#include "unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PACKAGE_JSON_MAX_BYTES = 4 << 20, FOLDER_DEPTH_MAX = 32 };

static int failed(const char *what, const char *path, struct sa_error *err)
{
	return error_set_errno(err, PROBLEM_INSTALL_FAILED, errno, "%s %s", what, path);
}

/* What the staged package.json calls itself must be what was asked for. */
static int identify(struct component *component, struct package *package, struct sa_error *err)
{
	cleanup_buf struct buf text = BUF_INIT(PACKAGE_JSON_MAX_BYTES);
	cleanup_free char *path = xasprintf("%s/package.json", component->place->staging);
	if (io_read_file(path, &text, err) < 0 || json_check(buf_span(&text), NULL) < 0)
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s holds no package.json",
				 component->options->from);
	cleanup_free char *name = json_string_dup(json_get(buf_span(&text), "name"));
	cleanup_free char *version = json_string_dup(json_get(buf_span(&text), "version"));
	if (!name || strcmp(name, package->npm) != 0)
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s is %s, not %s",
				 component->options->from, name ? name : "no package",
				 package->npm);
	if (!version || !manifest_is_version(version))
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s has no usable version",
				 component->options->from);
	free(package->version);
	package->version = TAKE_PTR(version);
	return 0;
}

static int stage_archive(struct component *component, struct package *package, const char *path,
			 struct sa_error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", path, err);
	cleanup_free char *pinned_version = xstrdup(package->version);
	cleanup_free char *pinned = TAKE_PTR(package->integrity);
	package->integrity = digest_sha512(fd, path, err);
	if (!package->integrity || place_stage(component->place, err) < 0 ||
	    unpack(fd, component->place->staging, 1, path, err) < 0 ||
	    identify(component, package, err) < 0)
		return -1;
	if (strcmp(package->version, pinned_version) != 0) {
		if (component->options->lockfile || component->options->agent_version)
			return error_set(err, PROBLEM_INSTALL_FAILED, "%s is version %s, not %s",
					 path, package->version, pinned_version);
		return 0;
	}
	return pinned ? digest_check(fd, pinned, path, err) : 0;
}

static int copy_file(int from_folder, const char *name, const char *target, struct sa_error *err)
{
	cleanup_close int in = openat(from_folder, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (in < 0 || fstat(in, &st) < 0)
		return failed("read", name, err);
	cleanup_close int out = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				     st.st_mode & 0111 ? 0755 : 0644);
	if (out < 0)
		return failed("write", target, err);
	for (;;) {
		ssize_t n = sendfile(out, in, NULL, 1 << 30);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return failed("write", target, err);
	}
}

/* Files and folders; links are not followed and not taken. */
static int copy_folder(const char *from, const char *target, int depth, struct sa_error *err)
{
	cleanup_closedir DIR *dir = opendir(from);
	if (!dir || depth > FOLDER_DEPTH_MAX)
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s cannot be read as a package",
				 from);
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		cleanup_free char *inner = xasprintf("%s/%s", from, entry->d_name);
		cleanup_free char *copy = xasprintf("%s/%s", target, entry->d_name);
		if (S_ISDIR(st.st_mode)) {
			if (mkdir(copy, 0755) < 0)
				return failed("make", copy, err);
			if (copy_folder(inner, copy, depth + 1, err) < 0)
				return -1;
		} else if (S_ISREG(st.st_mode) &&
			   copy_file(dirfd(dir), entry->d_name, copy, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* The program alone: ELF or a script, not an archive. */
static int stage_program(struct component *component, struct package *package, const char *path,
			 struct sa_error *err)
{
	if (place_stage(component->place, err) < 0)
		return -1;
	const char *slash = strrchr(package->entry, '/');
	char *entry = xstrdup(slash ? slash + 1 : package->entry);
	free(package->entry);
	package->entry = entry;
	free(package->version);
	package->version = xstrdup("local");
	free(package->integrity);
	package->integrity = NULL;
	cleanup_free char *target = xasprintf("%s/%s", component->place->staging, entry);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", path, err);
	package->integrity = digest_sha512(fd, path, err);
	return package->integrity ? copy_file(AT_FDCWD, path, target, err) : -1;
}

/* 1: it begins as a program does; 0: not; -1. */
static int is_program(const char *path, struct sa_error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[4] = {0};
	if (fd < 0 || read(fd, head, sizeof(head)) < 0)
		return failed("read", path, err);
	return memcmp(head, "\177ELF", 4) == 0 || memcmp(head, "#!", 2) == 0;
}

int local_stage(struct component *component, struct package *package, struct sa_error *err)
{
	const char *from = component->options->from;
	struct stat st;
	progress_step(component->progress, "take", from);
	if (stat(from, &st) < 0)
		return failed("find", from, err);
	if (package->has_dependencies)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "%s depends on other packages, so npm installs it: --from takes "
				 "packages that stand alone; 'npm cache add' and --offline do",
				 package->npm);
	if (!S_ISDIR(st.st_mode)) {
		int is_bare = package->node ? 0 : is_program(from, err);
		if (is_bare < 0)
			return -1;
		return is_bare ? stage_program(component, package, from, err)
			       : stage_archive(component, package, from, err);
	}
	cleanup_free char *file = package_file_name(package);
	cleanup_free char *path = xasprintf("%s/%s", from, file);
	cleanup_free char *inside = xasprintf("%s/package.json", from);
	if (access(path, F_OK) == 0)
		return stage_archive(component, package, path, err);
	if (access(inside, F_OK) < 0)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "%s holds neither %s nor an unpacked package", from, file);
	free(package->integrity);
	package->integrity = NULL;
	if (place_stage(component->place, err) < 0 ||
	    copy_folder(from, component->place->staging, 0, err) < 0)
		return -1;
	return identify(component, package, err);
}
