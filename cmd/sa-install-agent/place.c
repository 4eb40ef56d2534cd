#include "place.h"

#include "base/cleanup.h"
#include "base/ident.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/io.h"
#include "tree.h"
#include "json/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGING_PREFIX "new-"
#define PREVIOUS "previous"
#define KEPT_PREFIX "before-"

enum { RANDOM_CHARS = 8 };

static int broken(const char *what, const char *path, struct sa_error *err)
{
	int saved = errno;
	if (saved == ENOSPC || saved == EDQUOT)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "%s %s: no space left; free some and try again", what, path);
	return error_set_errno(err, PROBLEM_INSTALL_FAILED, saved, "%s %s", what, path);
}

/* Staging folders that a killed installation left; we hold the lock. */
static void sweep(const struct place *place)
{
	cleanup_closedir DIR *dir = opendir(place->folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (strncmp(entry->d_name, STAGING_PREFIX, strlen(STAGING_PREFIX)) == 0) {
			cleanup_free char *path = xasprintf("%s/%s", place->folder, entry->d_name);
			tree_remove(path);
		}
}

static int lock(struct place *place, struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/lock", place->folder);
	cleanup_free char *link_folder =
	    xmemdup0(place->link, (size_t)(strrchr(place->link, '/') - place->link));
	if (dirs_make(place->folder, err) < 0 || dirs_make(link_folder, err) < 0) {
		err->kind = PROBLEM_INSTALL_FAILED;
		return -1;
	}
	place->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (place->lock_fd < 0)
		return broken("open", path, err);
	while (flock(place->lock_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return broken("lock", path, err);
	sweep(place);
	return 0;
}

int place_open(struct place *place, const char *component, const char *link_name, bool is_locked,
	       struct sa_error *err)
{
	cleanup_free char *data = dirs_data();
	*place = PLACE_INIT;
	if (!data)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "no home directory: set HOME or XDG_DATA_HOME");
	place->component = xstrdup(component);
	place->folder = xasprintf("%s/agents/%s", data, component);
	place->link = xasprintf("%s/bin/%s", data, link_name);
	return is_locked ? lock(place, err) : 0;
}

void place_close(struct place *place)
{
	if (place->staging)
		tree_remove(place->staging);
	if (place->lock_fd >= 0)
		close(place->lock_fd);
	free(place->staging);
	free(place->random);
	free(place->component);
	free(place->folder);
	free(place->link);
	*place = PLACE_INIT;
}

/* The folder of a version that a link leads to ("VERSION-RANDOM"); NULL: none of ours. */
static char *version_folder(const struct place *place)
{
	char target[PATH_MAX];
	ssize_t n = readlink(place->link, target, sizeof(target) - 1);
	if (n <= 0)
		return NULL;
	target[n] = '\0';
	/* Ours are relative, so that a home may be moved; other tools' folders may have our names.
	 */
	cleanup_free char *inside = xasprintf("/agents/%s/", place->component);
	const char *at = target;
	while (strncmp(at, "../", 3) == 0)
		at += 3;
	if (at == target || strncmp(at - 1, inside, strlen(inside)) != 0)
		return NULL;
	at += strlen(inside) - 1;
	size_t length = strcspn(at, "/");
	return length ? xmemdup0(at, length) : NULL;
}

int place_current(const struct place *place, struct buf *text, struct sa_error *err)
{
	cleanup_free char *name = version_folder(place);
	struct sa_error why = SA_ERROR_INIT;
	if (!name || access(place->link, F_OK) < 0)
		return 0;
	cleanup_free char *path = xasprintf("%s/%s/" PLACE_RECORD, place->folder, name);
	if (io_read_file(path, text, &why) < 0) {
		if (why.kind == PROBLEM_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	return json_check(buf_span(text), NULL) == 0;
}

int place_partial(const struct place *place, const char *version, struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/%s.part", place->folder, version);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : broken("open", path, err);
}

void place_drop_partial(const struct place *place, const char *version)
{
	cleanup_free char *path = xasprintf("%s/%s.part", place->folder, version);
	unlink(path);
}

int place_stage(struct place *place, struct sa_error *err)
{
	free(place->staging);
	free(place->random);
	place->random = ident_random(RANDOM_CHARS);
	place->staging = xasprintf("%s/" STAGING_PREFIX "%s", place->folder, place->random);
	return mkdir(place->staging, 0755) < 0 ? broken("make", place->staging, err) : 0;
}

char *place_final(const struct place *place, const char *version)
{
	return xasprintf("%s/%s-%s", place->folder, version, place->random);
}

int place_write(struct place *place, const char *name, struct span text, bool is_program,
		struct sa_error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", place->staging, name);
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
				    is_program ? 0755 : 0644);
	if (fd < 0 || io_write_all(fd, text) < 0)
		return broken("write", path, err);
	return 0;
}

/* Put a symbolic link in the place of whatever path is, at one stroke. */
static int switch_link(const char *path, const char *target, struct sa_error *err)
{
	cleanup_free char *random = ident_random(RANDOM_CHARS);
	cleanup_free char *next = xasprintf("%s.%s", path, random);
	if (symlink(target, next) < 0)
		return broken("make", next, err);
	if (rename(next, path) == 0)
		return 0;
	broken("switch", path, err);
	unlink(next);
	return -1;
}

/* A program that somebody else put where our link goes is kept beside our versions. */
static int keep_foreign(const struct place *place, struct sa_error *err)
{
	struct stat st;
	if (lstat(place->link, &st) < 0 || S_ISLNK(st.st_mode))
		return 0;
	cleanup_free char *random = ident_random(RANDOM_CHARS);
	cleanup_free char *kept = xasprintf("%s/" KEPT_PREFIX "%s", place->folder, random);
	return link(place->link, kept) < 0 ? broken("keep", place->link, err) : 0;
}

/* What the link leads to: relative, so that a home may be moved. */
static char *link_target(const struct place *place, const char *folder, const char *entry)
{
	cleanup_free char *data = xmemdup0(
	    place->folder, strlen(place->folder) - strlen(place->component) - strlen("/agents/"));
	const char *up = strchr(place->link + strlen(data) + strlen("/bin/"), '/') ? "../.." : "..";
	return xasprintf("%s/agents/%s/%s/%s", up, place->component, folder, entry);
}

/* Versions that are neither in use nor previous. */
static void drop_old(const struct place *place, const char *current, const char *previous)
{
	cleanup_closedir DIR *dir = opendir(place->folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *name = entry->d_name;
		cleanup_free char *path = xasprintf("%s/%s", place->folder, name);
		cleanup_free char *record = xasprintf("%s/" PLACE_RECORD, path);
		if (name[0] == '.' || strcmp(name, PREVIOUS) == 0 || strcmp(name, current) == 0 ||
		    (previous && strcmp(name, previous) == 0) || access(record, F_OK) < 0)
			continue;
		tree_remove(path);
	}
}

int place_commit(struct place *place, const char *version, const char *entry, struct sa_error *err)
{
	cleanup_free char *path = place_final(place, version);
	const char *name = strrchr(path, '/') + 1;
	cleanup_free char *target = link_target(place, name, entry);
	cleanup_free char *program = xasprintf("%s/%s", place->staging, entry);
	struct stat st;
	if (stat(program, &st) < 0 || !S_ISREG(st.st_mode) || chmod(program, 0755) < 0)
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s: there is no program '%s' in it",
				 place->component, entry);
	/* All of it is on the disk before anything leads to it. */
	cleanup_close int folder_fd = open(place->staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0 || syncfs(folder_fd) < 0)
		return broken("write", place->staging, err);
	if (rename(place->staging, path) < 0)
		return broken("rename", place->staging, err);
	free(TAKE_PTR(place->staging));
	cleanup_free char *before = version_folder(place);
	cleanup_free char *previous = xasprintf("%s/" PREVIOUS, place->folder);
	bool is_kept = before && access(place->link, F_OK) == 0;
	if (keep_foreign(place, err) < 0 || (is_kept && switch_link(previous, before, err) < 0) ||
	    switch_link(place->link, target, err) < 0) {
		tree_remove(path);
		return -1;
	}
	drop_old(place, name, is_kept ? before : NULL);
	return 0;
}

/* The program of a version, as its record tells. The caller frees; NULL: unknown. */
static char *entry_of(const struct place *place, const char *name)
{
	cleanup_buf struct buf text = BUF_INIT(PLACE_RECORD_MAX_BYTES);
	cleanup_free char *path = xasprintf("%s/%s/" PLACE_RECORD, place->folder, name);
	struct sa_error ignored;
	if (io_read_file(path, &text, &ignored) < 0 || json_check(buf_span(&text), NULL) < 0)
		return NULL;
	return json_string_dup(json_get(buf_span(&text), "entry"));
}

int place_rollback(struct place *place, struct sa_error *err)
{
	char name[NAME_MAX + 1];
	cleanup_free char *previous = xasprintf("%s/" PREVIOUS, place->folder);
	ssize_t n = readlink(previous, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = '\0';
	cleanup_free char *entry = n > 0 ? entry_of(place, name) : NULL;
	if (!entry)
		return error_set(err, PROBLEM_NOT_FOUND, "there is no previous version of %s",
				 place->component);
	cleanup_free char *before = version_folder(place);
	cleanup_free char *target = link_target(place, name, entry);
	if (keep_foreign(place, err) < 0 || switch_link(place->link, target, err) < 0)
		return -1;
	return before ? switch_link(previous, before, err) : 0;
}

/* Put the program that our link took the place of back. 0, or -1. */
static int restore_foreign(const struct place *place, struct sa_error *err)
{
	cleanup_closedir DIR *dir = opendir(place->folder);
	cleanup_free char *newest = NULL;
	struct timespec newest_time = {0, 0};
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		struct stat st;
		cleanup_free char *path = xasprintf("%s/%s", place->folder, entry->d_name);
		if (strncmp(entry->d_name, KEPT_PREFIX, strlen(KEPT_PREFIX)) != 0 ||
		    lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		bool is_newer = st.st_ctim.tv_sec > newest_time.tv_sec ||
				(st.st_ctim.tv_sec == newest_time.tv_sec &&
				 st.st_ctim.tv_nsec > newest_time.tv_nsec);
		if (newest && !is_newer)
			continue;
		free(newest);
		newest = TAKE_PTR(path);
		newest_time = st.st_ctim;
	}
	return newest && rename(newest, place->link) < 0 ? broken("put back", place->link, err) : 0;
}

int place_remove(struct place *place, struct sa_error *err)
{
	struct stat st;
	bool is_there = lstat(place->link, &st) == 0;
	cleanup_free char *ours = version_folder(place);
	/* A file that somebody else put there is theirs to remove. */
	if (is_there && ours && unlink(place->link) < 0)
		return broken("remove", place->link, err);
	if (is_there && ours && restore_foreign(place, err) < 0)
		return -1;
	cleanup_closedir DIR *dir = opendir(place->folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		/* The lock stays: whoever waits for it must find the same file. */
		if (strncmp(entry->d_name, KEPT_PREFIX, strlen(KEPT_PREFIX)) == 0 ||
		    strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, "lock") == 0)
			continue;
		cleanup_free char *path = xasprintf("%s/%s", place->folder, entry->d_name);
		tree_remove(path);
	}
	return is_there && ours ? 1 : 0;
}
