#include "store.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "os/beneath.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/tempfile.h"
#include "json/scan.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_FOLDER ".sandbox-agent/config"

/* --- checking what was asked ---------------------------------------------------- */

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int check(const char *directory, const char *name, struct sa_error *err)
{
	if (is_blank(directory))
		return error_set(err, PROBLEM_INVALID_REQUEST, "the directory is empty");
	if (!name)
		return 0;
	size_t n = strlen(name);
	if (is_blank(name))
		return error_set(err, PROBLEM_INVALID_REQUEST, "the name is empty");
	if (n > CONFIG_NAME_BYTES)
		return error_set(err, PROBLEM_INVALID_REQUEST, "a name has at most %d bytes",
				 CONFIG_NAME_BYTES);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return error_set(err, PROBLEM_INVALID_REQUEST,
					 "a name has no control characters");
	if (!utf8_is_valid(span_of(name)))
		return error_set(err, PROBLEM_INVALID_REQUEST, "a name is UTF-8");
	return 0;
}

/* --- the file -------------------------------------------------------------------- */

struct item {
	char *name;
	struct span entry; /* in content, or of the caller */
};

struct file {
	int dir_fd; /* the config folder, locked; -1: not there */
	char *real; /* the folder that it belongs to, as the kernel names it; NULL: not there */
	char *name;
	struct buf content;
	struct item *items; /* sorted */
	size_t count;
};

static void file_close(struct file *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->items[i].name);
	free(f->items);
	free(f->name);
	free(f->real);
	buf_free(&f->content);
	if (f->dir_fd >= 0)
		close(f->dir_fd);
}
#define cleanup_file __attribute__((cleanup(file_close)))
#define FILE_INIT ((struct file){.dir_fd = -1, .content = {.max = CONFIG_FILE_BYTES}})

static int fail(struct sa_error *err, int errnum, const char *directory)
{
	enum problem_kind kind = PROBLEM_STREAM_ERROR;
	if (errnum == ENOENT || errnum == ENOTDIR)
		kind = PROBLEM_INVALID_REQUEST;
	else if (errnum == EACCES || errnum == EPERM || errnum == EROFS || errnum == ELOOP ||
		 errnum == EXDEV)
		kind = PROBLEM_PERMISSION_DENIED;
	else if (errnum == ENOSPC || errnum == EDQUOT)
		kind = PROBLEM_STORE_FULL;
	return error_set_errno(err, kind, errnum, "configuration of %s", directory);
}

/* The folder that the configuration belongs to, beneath $SANDBOX_AGENT_FS_ROOT when that is set. */
static int open_directory(const char *directory)
{
	const char *root = getenv("SANDBOX_AGENT_FS_ROOT");
	if (!root || !*root)
		return open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct beneath b;
	size_t n = strlen(root);
	while (n > 1 && root[n - 1] == '/')
		n--;
	if (directory[0] == '/' &&
	    (strncmp(directory, root, n) != 0 || (directory[n] && directory[n] != '/'))) {
		errno = EXDEV;
		return -1;
	}
	if (beneath_init(&b, root) < 0)
		return -1;
	const char *inside = directory[0] == '/' ? directory + n : directory;
	inside += strspn(inside, "/");
	int fd = beneath_open(&b, *inside ? inside : ".", O_PATH | O_DIRECTORY, 0);
	int saved = errno;
	beneath_close(&b);
	errno = saved;
	return fd;
}

/* The name of an open folder. Owned; NULL when the kernel does not say. */
static char *name_of(int fd)
{
	char path[PATH_MAX];
	cleanup_free char *link = xasprintf("/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path));
	return n > 0 && n < (ssize_t)sizeof(path) ? xmemdup0(path, (size_t)n) : NULL;
}

/* The config folder in top, which is closed. 1, 0, -1 as open_folder(). */
static int open_below(struct file *f, int top, const char *directory, bool is_making,
		      struct sa_error *err)
{
	struct beneath b;
	f->real = name_of(top);
	beneath_init_fd(&b, top, true);
	int folder = is_making ? beneath_make_dirs(&b, CONFIG_FOLDER, 0777)
			       : beneath_open(&b, CONFIG_FOLDER, O_PATH | O_DIRECTORY, 0);
	int saved = errno;
	beneath_close(&b);
	if (folder < 0)
		return saved == ENOENT ? 0 : fail(err, saved, directory);
	/* flock wants more than O_PATH. */
	f->dir_fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	saved = errno;
	close(folder);
	if (f->dir_fd < 0)
		return fail(err, saved, directory);
	if (flock(f->dir_fd, is_making ? LOCK_EX : LOCK_SH) < 0)
		return fail(err, errno, directory);
	return 1;
}

/* Open and lock the config folder, made with its parents if is_making. 1, 0 when it is not there,
 * -1 with err. */
static int open_folder(struct file *f, const char *directory, bool is_making, struct sa_error *err)
{
	int top = open_directory(directory);
	if (top < 0 && errno == ENOENT && is_making && !getenv("SANDBOX_AGENT_FS_ROOT")) {
		top = beneath_make_dirs(&BENEATH_ALL, directory, 0777);
	}
	if (top < 0)
		return errno == ENOENT && !is_making ? 0 : fail(err, errno, directory);
	return open_below(f, top, directory, is_making, err);
}

/* Those of one name in the order of the file. */
static int compare_items(const void *a, const void *b)
{
	const struct item *left = a, *right = b;
	int order = strcmp(left->name, right->name);
	return order ? order : (left->entry.p > right->entry.p) - (left->entry.p < right->entry.p);
}

/* Of those with one name the last in the file: what JSON's readers take. */
static void drop_repeated(struct file *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->count; i++)
		if (i + 1 < f->count && strcmp(f->items[i].name, f->items[i + 1].name) == 0)
			free(f->items[i].name);
		else
			f->items[kept++] = f->items[i];
	f->count = kept;
}

static int parse(struct file *f, const char *directory, struct sa_error *err)
{
	struct span text = span_trim(buf_span(&f->content)), key, value;
	if (text.n == 0)
		return 0;
	if (json_check(text, NULL) < 0 || json_type(text) != JSON_OBJECT)
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "%s/" CONFIG_FOLDER "/%s is no JSON object", directory, f->name);
	struct json_iter it = json_iter(text);
	while (json_next(&it, &key, &value)) {
		char *name = json_string_dup(key);
		if (!name)
			continue;
		if (f->count % 64 == 0)
			f->items = xreallocarray(f->items, f->count + 64, sizeof(*f->items));
		f->items[f->count++] = (struct item){name, value};
	}
	if (f->count)
		qsort(f->items, f->count, sizeof(*f->items), compare_items);
	drop_repeated(f);
	return 0;
}

/* Read what the opened folder has. 0, or -1. */
static int file_read(struct file *f, const char *directory, struct sa_error *err)
{
	struct stat st;
	cleanup_close int fd =
	    openat(f->dir_fd, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(err, errno, directory);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, PROBLEM_INVALID_REQUEST, "%s/" CONFIG_FOLDER "/%s is no file",
				 directory, f->name);
	if (io_read_all(fd, &f->content, f->name, err) < 0)
		return -1;
	return parse(f, directory, err);
}

/* 0 also when there is nothing; -1 with err. */
static int file_open(struct file *f, const struct config_kind *kind, const char *directory,
		     bool is_making, struct sa_error *err)
{
	f->name = xasprintf("%s.json", kind->name);
	int rc = open_folder(f, directory, is_making, err);
	return rc <= 0 ? rc : file_read(f, directory, err);
}

/* What this user trusts of the folder real: a configuration of the same form, kept apart. */
static int file_open_trusted(struct file *f, const struct config_kind *kind, const char *real,
			     bool is_making, struct sa_error *err)
{
	cleanup_free char *state = dirs_state();
	if (!state || !real)
		return is_making ? error_set(err, PROBLEM_PERMISSION_DENIED,
					     "there is no home to remember in what is trusted")
				 : 0;
	cleanup_free char *directory = xasprintf("%s/trusted%s", state, real);
	f->name = xasprintf("%s.json", kind->name);
	if (is_making && dirs_make(directory, err) < 0)
		return -1;
	int top = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT ? 0 : fail(err, errno, directory);
	int rc = open_below(f, top, directory, is_making, err);
	return rc <= 0 ? rc : file_read(f, directory, err);
}

static struct item *find(const struct file *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].name, name) == 0)
			return &f->items[i];
	return NULL;
}

static int file_write(struct file *f, const char *directory, struct sa_error *err)
{
	cleanup_buf struct buf flat = BUF_INIT(BUF_MAX_OWN), text = BUF_INIT(CONFIG_FILE_BYTES);
	json_open(&flat, '{');
	for (size_t i = 0; i < f->count; i++)
		json_kv_raw(&flat, f->items[i].name, f->items[i].entry);
	json_close(&flat, '}');
	config_add_pretty(&text, buf_span(&flat));
	if (buf_addc(&text, '\n') < 0 || text.is_overflowed)
		return error_set(err, PROBLEM_TOO_LARGE, "%s has at most %d bytes", f->name,
				 CONFIG_FILE_BYTES);
	struct tempfile t = TEMPFILE_INIT;
	tempfile_sweep(f->dir_fd, TEMPFILE_LINK_AGE_S);
	int rc = tempfile_open(f->dir_fd, 0600, &t);
	if (rc == 0)
		rc = io_write_all(t.fd, buf_span(&text));
	if (rc == 0)
		rc = fsync(t.fd);
	if (rc == 0)
		rc = tempfile_commit(&t, f->dir_fd, f->name, true);
	if (rc == 0)
		rc = fsync(f->dir_fd);
	int saved = errno;
	tempfile_discard(&t, f->dir_fd);
	return rc < 0 ? fail(err, saved, directory) : 0;
}

/* The end of the string that starts at p. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

/* The entry in its one form and on one line. */
static int normalise(const struct config_kind *kind, struct span entry, struct buf *ret,
		     struct sa_error *err)
{
	cleanup_buf struct buf b = BUF_INIT(CONFIG_FILE_BYTES);
	if (kind->normalise(entry, &b, err) < 0)
		return -1;
	for (const char *p = b.data, *end = b.data + b.len; p < end;) {
		const char *after = *p == '"' ? string_end(p, end) : p + 1;
		if (!memchr(" \t\r\n", *p, 4))
			buf_add(ret, p, (size_t)(after - p));
		p = after;
	}
	return b.is_overflowed || ret->is_overflowed
		   ? error_set(err, PROBLEM_TOO_LARGE, "the entry is too large")
		   : 0;
}

/* --- operations -------------------------------------------------------------------- */

int config_get(const struct config_kind *kind, const char *directory, const char *name,
	       struct buf *ret, struct sa_error *err)
{
	cleanup_file struct file f = FILE_INIT;
	if (check(directory, name, err) < 0 || file_open(&f, kind, directory, false, err) < 0)
		return -1;
	const struct item *item = find(&f, name);
	if (!item)
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "%s:%s is not configured in %s",
				 kind->name, name, directory);
	if (normalise(kind, item->entry, ret, err) < 0)
		return error_prefix(err, "%s:%s", kind->name, name);
	return 0;
}

static int put(struct file *f, const char *name, struct span entry, struct sa_error *err)
{
	struct item *item = find(f, name);
	if (item) {
		item->entry = entry;
		return 0;
	}
	if (f->count >= CONFIG_ENTRIES_MAX)
		return error_set(err, PROBLEM_TOO_LARGE, "%s has at most %d entries", f->name,
				 CONFIG_ENTRIES_MAX);
	f->items = xreallocarray(f->items, f->count + 1, sizeof(*f->items));
	f->items[f->count++] = (struct item){xstrdup(name), entry};
	qsort(f->items, f->count, sizeof(*f->items), compare_items);
	return 0;
}

static int trust(const struct config_kind *kind, const char *real, const char *name,
		 struct span entry, struct sa_error *err)
{
	cleanup_file struct file f = FILE_INIT;
	if (file_open_trusted(&f, kind, real, true, err) < 0 || put(&f, name, entry, err) < 0)
		return -1;
	return file_write(&f, real, err);
}

int config_set(const struct config_kind *kind, const char *directory, const char *name,
	       struct span entry, struct sa_error *err)
{
	cleanup_file struct file f = FILE_INIT;
	cleanup_buf struct buf normal = BUF_INIT(CONFIG_FILE_BYTES);
	if (check(directory, name, err) < 0 || normalise(kind, entry, &normal, err) < 0 ||
	    file_open(&f, kind, directory, true, err) < 0 ||
	    put(&f, name, buf_span(&normal), err) < 0 ||
	    trust(kind, f.real, name, buf_span(&normal), err) < 0)
		return -1;
	return file_write(&f, directory, err);
}

static void take_away(struct file *f, struct item *item)
{
	free(item->name);
	f->count--;
	memmove(item, item + 1, (size_t)(f->items + f->count - item) * sizeof(*item));
}

int config_delete(const struct config_kind *kind, const char *directory, const char *name,
		  struct sa_error *err)
{
	cleanup_file struct file f = FILE_INIT;
	/* Looked at first: nothing is made or written to take away what is not there. */
	if (check(directory, name, err) < 0 || file_open(&f, kind, directory, false, err) < 0)
		return -1;
	if (!find(&f, name))
		return 0;
	file_close(&f);
	f = FILE_INIT;
	if (file_open(&f, kind, directory, true, err) < 0)
		return -1;
	struct item *item = find(&f, name);
	if (!item)
		return 0;
	take_away(&f, item);
	return file_write(&f, directory, err);
}

int config_trust(const struct config_kind *kind, const char *directory, const char *name,
		 struct sa_error *err)
{
	cleanup_file struct file f = FILE_INIT;
	cleanup_buf struct buf normal = BUF_INIT(BUF_MAX_OWN);
	if (check(directory, name, err) < 0 || file_open(&f, kind, directory, false, err) < 0)
		return -1;
	if (name && !find(&f, name))
		return error_set(err, PROBLEM_SESSION_NOT_FOUND, "%s:%s is not configured in %s",
				 kind->name, name, directory);
	for (size_t i = 0; i < f.count; i++) {
		if (name && strcmp(name, f.items[i].name) != 0)
			continue;
		buf_clear(&normal);
		if (normalise(kind, f.items[i].entry, &normal, err) < 0)
			return error_prefix(err, "%s:%s", kind->name, f.items[i].name);
		if (trust(kind, f.real, f.items[i].name, buf_span(&normal), err) < 0)
			return -1;
	}
	return 0;
}

static bool is_all_trusted(void)
{
	const char *wish = getenv("SANDBOX_AGENT_CONFIG_TRUST");
	return wish && strcmp(wish, "all") == 0;
}

static bool is_trusted(const struct config_kind *kind, const struct file *trusted, const char *name,
		       struct span entry)
{
	cleanup_buf struct buf normal = BUF_INIT(CONFIG_FILE_BYTES);
	struct sa_error ignored;
	const struct item *item = find(trusted, name);
	return item && normalise(kind, item->entry, &normal, &ignored) == 0 &&
	       span_equal(buf_span(&normal), entry);
}

int config_each(const struct config_kind *kind, const char *directory, config_fn *fn, void *arg,
		struct sa_error *err)
{
	cleanup_file struct file f = FILE_INIT, trusted = FILE_INIT;
	cleanup_buf struct buf normal = BUF_INIT(CONFIG_FILE_BYTES);
	bool is_all = is_all_trusted();
	if (check(directory, NULL, err) < 0 || file_open(&f, kind, directory, false, err) < 0 ||
	    (!is_all && file_open_trusted(&trusted, kind, f.real, false, err) < 0))
		return -1;
	for (size_t i = 0; i < f.count; i++) {
		buf_clear(&normal);
		if (normalise(kind, f.items[i].entry, &normal, err) < 0)
			return error_prefix(err, "%s:%s", kind->name, f.items[i].name);
		struct config_entry entry = {
		    .name = f.items[i].name,
		    .json = buf_span(&normal),
		    .is_trusted =
			is_all || is_trusted(kind, &trusted, f.items[i].name, buf_span(&normal)),
		};
		int rc = fn(&entry, arg, err);
		if (rc)
			return rc;
	}
	return 0;
}

void config_tell_untrusted(const struct config_kind *kind, const char *directory, const char *name)
{
	fprintf(stderr,
		"sa-config: %s '%s' of %s is left out: it came with the folder and is not trusted; "
		"look at it with 'sa-config %s get', then 'sa-config %s trust'\n",
		kind->name, name, directory, kind->name, kind->name);
}

/* --- printing ------------------------------------------------------------------------ */

static void new_line(struct buf *b, size_t depth)
{
	buf_addf(b, "\n%*s", (int)(depth < 64 ? depth : 64) * 2, "");
}

void config_add_pretty(struct buf *b, struct span json)
{
	size_t depth = 0;
	for (const char *p = json.p, *end = p + json.n; p < end; p++) {
		if (memchr(" \t\r\n", *p, 4))
			continue;
		if (*p == '"') {
			const char *after = string_end(p, end);
			buf_add(b, p, (size_t)(after - p));
			p = after - 1;
		} else if (*p == '{' || *p == '[') {
			const char *next = p + 1;
			while (next < end && memchr(" \t\r\n", *next, 4))
				next++;
			buf_addc(b, *p);
			depth++;
			if (next < end && *next != '}' && *next != ']')
				new_line(b, depth);
		} else if (*p == '}' || *p == ']') {
			char last = b->len ? b->data[b->len - 1] : 0;
			depth -= depth > 0;
			if (last != '{' && last != '[')
				new_line(b, depth);
			buf_addc(b, *p);
		} else {
			buf_addc(b, *p);
			if (*p == ',')
				new_line(b, depth);
			if (*p == ':')
				buf_addc(b, ' ');
		}
	}
}
