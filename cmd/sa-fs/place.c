#include "place.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The part of path below folder: "" for itself; NULL when it lies elsewhere. */
static const char *below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	if (n == 1)
		return path + strspn(path, "/");
	if (strncmp(path, folder, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path + n + strspn(path + n, "/");
}

static int open_root(struct fs *fs, const char *root, struct sa_error *err)
{
	fs->root_real = realpath(root, NULL);
	if (!fs->root_real || beneath_init(&fs->at, root) < 0)
		return fs_fail(err, errno, "use as root", root);
	cleanup_free char *here = getcwd(NULL, 0);
	fs->root = root[0] == '/' || !here ? xstrdup(root) : xasprintf("%s/%s", here, root);
	for (size_t n = strlen(fs->root); n > 1 && fs->root[n - 1] == '/'; n--)
		fs->root[n - 1] = '\0';
	return 0;
}

int fs_open(struct fs *fs, const char *root, bool is_strict, struct sa_error *err)
{
	const char *outer = getenv("SANDBOX_AGENT_FS_ROOT");
	*fs = FS_INIT;
	fs->is_strict = is_strict;
	if (!root)
		root = outer;
	if (root && *root && open_root(fs, root, err) < 0)
		return -1;
	/* Whoever set the variable means all of us: an option may narrow it and no more. */
	cleanup_free char *most = outer && *outer && root != outer ? realpath(outer, NULL) : NULL;
	if (outer && *outer && root != outer && !(most && fs->root && below(fs->root_real, most)))
		return error_set(err, PROBLEM_PERMISSION_DENIED, "%s is outside of the root", root);
	cleanup_free char *home = dirs_home();
	if (fs->root && is_strict && home && (below(home, fs->root) || below(home, fs->root_real)))
		fs->base = TAKE_PTR(home);
	else if (fs->root)
		fs->base = xstrdup(fs->root);
	else
		fs->base = is_strict ? TAKE_PTR(home) : getcwd(NULL, 0);
	if (!fs->base)
		return error_set(err, PROBLEM_FAILED, "no %s to start relative paths from",
				 is_strict ? "home folder" : "working folder");
	return 0;
}

void fs_close(struct fs *fs)
{
	beneath_close(&fs->at);
	free(fs->root);
	free(fs->root_real);
	free(fs->base);
	*fs = FS_INIT;
}

/* base and the parts of a relative path. NULL when it has ".." and may not. */
static char *join(const struct fs *fs, const char *path)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&b, strcmp(fs->base, "/") == 0 ? "" : fs->base);
	while (*path) {
		size_t n = strcspn(path, "/");
		bool is_up = n == 2 && memcmp(path, "..", 2) == 0;
		if (is_up && fs->is_strict) {
			buf_free(&b);
			return NULL;
		}
		if (n && !(n == 1 && *path == '.')) {
			buf_addc(&b, '/');
			buf_add(&b, path, n);
		}
		path += n + (path[n] == '/');
	}
	if (b.len == 0)
		buf_addc(&b, '/');
	return buf_take(&b);
}

int place_of(const struct fs *fs, const char *path, struct place *ret, struct sa_error *err)
{
	size_t length = strlen(path);
	struct place place = {.is_base = length == 0,
			      .is_folder = length && path[length - 1] == '/'};
	place.shown = *path == '/' ? xstrdup(path) : join(fs, path);
	if (!place.shown)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a relative path may not contain '..': %s", path);
	const char *inside = place.shown;
	if (fs->root) {
		inside = below(place.shown, fs->root);
		if (!inside)
			inside = below(place.shown, fs->root_real);
		if (!inside) {
			error_set(err, PROBLEM_PERMISSION_DENIED, "%s is not beneath %s",
				  place.shown, fs->root);
			place_clear(&place);
			return -1;
		}
		if (!*inside)
			inside = ".";
	}
	place.inside = xstrdup(inside);
	/* "link/" would mean what the link leads to. */
	for (size_t n = strlen(place.inside); n > 1 && place.inside[n - 1] == '/'; n--)
		place.inside[n - 1] = '\0';
	*ret = place;
	return 0;
}

void place_clear(struct place *place)
{
	free(place->shown);
	free(place->inside);
	*place = PLACE_INIT;
}

static enum problem_kind kind_of(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return PROBLEM_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
	case EXDEV: /* of openat2: the path leads out of the root */
		return PROBLEM_PERMISSION_DENIED;
	case EEXIST:
	case ENOTEMPTY:
	case EISDIR:
	case ENOTDIR:
	case EBUSY:
	case ETXTBSY:
		return PROBLEM_CONFLICT;
	case EINVAL:
	case ELOOP:
	case ENAMETOOLONG:
		return PROBLEM_INVALID_REQUEST;
	case ENOSPC:
	case EDQUOT:
		return PROBLEM_STORE_FULL;
	case EFBIG:
		return PROBLEM_TOO_LARGE;
	default:
		return PROBLEM_STREAM_ERROR;
	}
}

int fs_fail(struct sa_error *err, int errnum, const char *what, const char *path)
{
	if (errnum == EXDEV)
		return error_set(err, PROBLEM_PERMISSION_DENIED, "%s %s: it leads out of the root",
				 what, path);
	return error_set_errno(err, kind_of(errnum), errnum, "%s %s", what, path);
}
