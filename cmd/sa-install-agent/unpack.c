#include "unpack.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/archive_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024, DEPTH_MAX = 64 };

struct job {
	const struct archive_api *api;
	struct archive *in;
	struct archive *out;
	const char *folder;
	const char *what;
	int strip;
	int64_t bytes;
	int entries;
};

static int broken(const struct job *job, struct archive *archive, struct sa_error *err)
{
	int saved = job->api->archive_errno(archive);
	const char *text = job->api->archive_error_string(archive);
	if (saved == ENOSPC || saved == EDQUOT)
		return error_set(err, PROBLEM_INSTALL_FAILED,
				 "no space left for %s in %s: free some and try again", job->what,
				 job->folder);
	return error_set(err, PROBLEM_INSTALL_FAILED, "unpack %s: %s", job->what,
			 text ? text : "broken archive");
}

static int refuse(const struct job *job, const char *name, const char *why, struct sa_error *err)
{
	return error_set(err, PROBLEM_INSTALL_FAILED, "unpack %s: refused: '%.200s' %s", job->what,
			 name, why);
}

/*
 * How deep below the top a relative path ends, walking from depth start;
 * -1 when it leaves the top on the way, is absolute or too deep.
 */
static int walk(const char *path, int start)
{
	int depth = start;
	if (*path == '/')
		return -1;
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (n > 0 && !(n == 1 && p[0] == '.'))
			depth++;
		if (depth < 0 || depth > DEPTH_MAX)
			return -1;
		p += n + (p[n] == '/');
	}
	return depth;
}

static bool has_dots(const char *path)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += n + (p[n] == '/');
	}
	return false;
}

/* The path without its first components; NULL: nothing is left. Borrowed. */
static const char *stripped(const char *path, int strip)
{
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	for (; strip > 0; strip--) {
		path = strchr(path, '/');
		if (!path)
			return NULL;
		while (*path == '/')
			path++;
	}
	return *path && strcmp(path, ".") != 0 ? path : NULL;
}

/* Judge the entry and give it its place. 1: write it; 0: nothing is left of its name; -1. */
static int place(const struct job *job, struct archive_entry *entry, struct sa_error *err)
{
	const char *name = job->api->archive_entry_pathname(entry);
	if (!name || !*name || strlen(name) > UNPACK_PATH_MAX_BYTES)
		return refuse(job, name ? name : "", "is no usable name", err);
	if (name[0] == '/' || has_dots(name) || walk(name, 0) < 0)
		return refuse(job, name, "leads out of the folder", err);
	const char *rest = stripped(name, job->strip);
	if (!rest)
		return 0;
	mode_t type = job->api->archive_entry_filetype(entry);
	const char *link = job->api->archive_entry_hardlink(entry);
	if (link)
		return refuse(job, name, "is a hard link", err);
	if (type == AE_IFLNK) {
		const char *target = job->api->archive_entry_symlink(entry);
		/* Seen from the folder in which the link lies. */
		int depth = walk(rest, 0) - 1;
		if (!target || depth < 0 || walk(target, depth) < 0)
			return refuse(job, name, "is a link that leads out of the folder", err);
	} else if (type != AE_IFREG && type != AE_IFDIR) {
		return refuse(job, name, "is neither file nor folder", err);
	}
	bool is_runnable = type == AE_IFDIR || (job->api->archive_entry_perm(entry) & 0111) != 0;
	job->api->archive_entry_set_perm(entry, is_runnable ? 0755 : 0644);
	cleanup_free char *path = xstrdup(rest);
	job->api->archive_entry_copy_pathname(entry, path);
	return 1;
}

static int copy_data(struct job *job, struct sa_error *err)
{
	for (;;) {
		const void *block;
		size_t n;
		la_int64_t offset;
		int rc = job->api->archive_read_data_block(job->in, &block, &n, &offset);
		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc != ARCHIVE_OK)
			return broken(job, job->in, err);
		job->bytes += (int64_t)n;
		if (job->bytes > UNPACK_MAX_BYTES || offset > UNPACK_MAX_BYTES)
			return error_set(err, PROBLEM_INSTALL_FAILED,
					 "unpack %s: it unfolds to more than %lld bytes", job->what,
					 (long long)UNPACK_MAX_BYTES);
		if (job->api->archive_write_data_block(job->out, block, n, offset) != ARCHIVE_OK)
			return broken(job, job->out, err);
	}
}

static int write_entry(struct job *job, struct archive_entry *entry, struct sa_error *err)
{
	if (job->api->archive_write_header(job->out, entry) != ARCHIVE_OK)
		return broken(job, job->out, err);
	/* A zip may not tell a size beforehand. */
	bool has_data = !job->api->archive_entry_size_is_set(entry) || job->api->archive_entry_size(entry) > 0;
	if (job->api->archive_entry_filetype(entry) == AE_IFREG && has_data && copy_data(job, err) < 0)
		return -1;
	if (job->api->archive_write_finish_entry(job->out) != ARCHIVE_OK)
		return broken(job, job->out, err);
	return 0;
}

static int copy_all(struct job *job, struct sa_error *err)
{
	for (;;) {
		struct archive_entry *entry;
		int rc = job->api->archive_read_next_header(job->in, &entry);
		if (rc == ARCHIVE_EOF)
			return job->entries > 0
				   ? 0
				   : error_set(err, PROBLEM_INSTALL_FAILED, "unpack %s: it is empty",
					       job->what);
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			return broken(job, job->in, err);
		if (++job->entries > UNPACK_ENTRIES_MAX)
			return error_set(err, PROBLEM_INSTALL_FAILED,
					 "unpack %s: more than %d entries", job->what,
					 UNPACK_ENTRIES_MAX);
		int is_wanted = place(job, entry, err);
		if (is_wanted < 0 || (is_wanted > 0 && write_entry(job, entry, err) < 0))
			return -1;
	}
}

static int run(struct job *job, int fd, struct sa_error *err)
{
	job->api->archive_read_support_filter_all(job->in);
	job->api->archive_read_support_format_tar(job->in);
	job->api->archive_read_support_format_zip(job->in);
	job->api->archive_write_disk_set_options(
	    job->out, ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_SECURE_NODOTDOT |
			  ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
	if (job->api->archive_read_open_fd(job->in, fd, BLOCK_BYTES) != ARCHIVE_OK)
		return broken(job, job->in, err);
	int rc = copy_all(job, err);
	if (job->api->archive_write_close(job->out) != ARCHIVE_OK && rc == 0)
		rc = broken(job, job->out, err);
	return rc;
}

int unpack(int fd, const char *folder, int strip, const char *what, struct sa_error *err)
{
	struct job job = {.api = archive_api(err), .folder = folder, .what = what, .strip = strip};
	if (!job.api)
		return -1;
	/* libarchive looks at links in the whole of a path; ours above the folder are no affair
	 * of the archive. So it works on relative paths, in the folder. */
	cleanup_close int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lseek(fd, 0, SEEK_SET) < 0 || chdir(folder) < 0)
		return error_set_errno(err, PROBLEM_INSTALL_FAILED, errno, "unpack into %s",
				       folder);
	job.in = job.api->archive_read_new();
	job.out = job.api->archive_write_disk_new();
	int rc = job.in && job.out ? run(&job, fd, err)
				   : error_set(err, PROBLEM_INSTALL_FAILED, "start libarchive");
	job.api->archive_write_free(job.out);
	job.api->archive_read_free(job.in);
	if ((before < 0 || fchdir(before) < 0) && chdir("/") < 0 && rc == 0)
		rc = error_set_errno(err, PROBLEM_INSTALL_FAILED, errno, "leave %s", folder);
	return rc;
}
