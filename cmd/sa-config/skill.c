#include "skill.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/io.h"
#include "os/names.h"
#include "skills.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

void skill_clear(struct skill *skill)
{
	if (skill->fd >= 0)
		close(skill->fd);
	free(skill->name);
	free(skill->entry);
	free(skill->source);
	*skill = SKILL_INIT;
}

/* --- SKILL.md ----------------------------------------------------------------------- */

/* The next line without its end; false when there is none. */
static bool next_line(struct span *rest, struct span *ret)
{
	if (rest->n == 0)
		return false;
	const char *end = memchr(rest->p, '\n', rest->n);
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	*ret = (struct span){rest->p, n};
	rest->p += n + (end != NULL);
	rest->n -= n + (end != NULL);
	if (ret->n && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return true;
}

/* "key: value" at the left margin. */
static bool take_value(struct span line, const char *key, struct span *ret)
{
	size_t n = strlen(key);
	if (!span_starts_with(line, key) || line.n <= n || line.p[n] != ':')
		return false;
	struct span value = span_trim((struct span){line.p + n + 1, line.n - n - 1});
	if (value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') &&
	    value.p[value.n - 1] == value.p[0])
		value = (struct span){value.p + 1, value.n - 2};
	*ret = value;
	return true;
}

static bool is_name(struct span name)
{
	if (name.n == 0 || name.n > SKILLS_NAME_BYTES || name.p[0] == '-')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!((name.p[i] >= 'a' && name.p[i] <= 'z') ||
		      (name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '-'))
			return false;
	return true;
}

char *skill_judge(struct span text, const char *fallback, struct sa_error *err)
{
	struct span line, name = span_of(fallback), value;
	bool has_description = false, is_closed = false;
	if (span_starts_with(text, "\xef\xbb\xbf"))
		text = (struct span){text.p + 3, text.n - 3};
	if (!next_line(&text, &line) || !span_is(line, "---")) {
		error_set(err, PROBLEM_INVALID_REQUEST, "SKILL.md does not begin with '---'");
		return NULL;
	}
	while (!is_closed && next_line(&text, &line)) {
		is_closed = span_is(line, "---");
		if (take_value(line, "name", &value))
			name = value;
		if (take_value(line, "description", &value))
			has_description = value.n > 0;
	}
	if (!is_closed || !has_description) {
		error_set(err, PROBLEM_INVALID_REQUEST, "SKILL.md has no %s",
			  is_closed ? "description" : "second '---'");
		return NULL;
	}
	if (!is_name(name)) {
		error_set(err, PROBLEM_INVALID_REQUEST,
			  "a skill's name is at most %d of a-z, 0-9 and '-', not '%.*s'",
			  SKILLS_NAME_BYTES, (int)(name.n < 80 ? name.n : 80), name.p);
		return NULL;
	}
	return xmemdup0(name.p, name.n);
}

int skill_open(int fd, const char *folder_name, struct skill *ret, struct sa_error *err)
{
	cleanup_close int folder = fd;
	cleanup_close int file =
	    openat(fd, "SKILL.md", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	if (file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	cleanup_buf struct buf text = BUF_INIT(SKILLS_FILE_BYTES);
	if (io_read_all(file, &text, "SKILL.md", err) < 0)
		return error_prefix(err, "%s", folder_name);
	char *name = skill_judge(buf_span(&text), folder_name, err);
	if (!name)
		return error_prefix(err, "%s", folder_name);
	*ret = (struct skill){.fd = TAKE_FD(folder), .name = name};
	return 1;
}

/* --- copying -------------------------------------------------------------------------- */

struct copy {
	char **todo; /* folders below the top, "." first */
	size_t count, room;
	uint64_t bytes, files;
};

static void push(struct copy *c, char *path)
{
	if (c->count == c->room) {
		c->room = c->room ? c->room * 2 : 16;
		c->todo = xreallocarray(c->todo, c->room, sizeof(char *));
	}
	c->todo[c->count++] = path;
}

static int too_much(struct sa_error *err)
{
	return error_set(err, PROBLEM_TOO_LARGE, "a skill has at most %d files and %d MiB",
			 SKILLS_FILES, SKILLS_BYTES >> 20);
}

static int copy_file(struct copy *c, int from, int to, const char *name, struct sa_error *err)
{
	struct stat st;
	cleanup_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "read %s", name);
	cleanup_close int out =
	    openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		   st.st_mode & 0100 ? 0777 : 0666);
	ssize_t n = out < 0 ? -1 : 1;
	while (n > 0) {
		n = sendfile(out, in, NULL, SKILLS_BYTES + 1);
		c->bytes += n > 0 ? (uint64_t)n : 0;
		if (c->bytes > SKILLS_BYTES)
			return too_much(err);
	}
	return n < 0 ? error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "copy %s", name) : 0;
}

static int copy_entry(struct copy *c, int from, int to, const char *below, const char *name,
		      struct sa_error *err)
{
	struct stat st;
	if (strcmp(name, ".git") == 0 || strcmp(name, SKILLS_MARK) == 0 ||
	    fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return 0;
	if (++c->files > SKILLS_FILES)
		return too_much(err);
	if (S_ISREG(st.st_mode))
		return copy_file(c, from, to, name, err);
	if (mkdirat(to, name, 0777) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make %s", name);
	push(c, xasprintf("%s/%s", below, name));
	return 0;
}

static int copy_folder(struct copy *c, int from_top, int to_top, const char *below,
		       struct sa_error *err)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	cleanup_names struct names names = NAMES_INIT;
	cleanup_close int from = openat(from_top, below, FLAGS), to = openat(to_top, below, FLAGS);
	int again = from < 0 || to < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 3);
	if (again < 0 || names_read(again, &names) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "copy %s", below);
	for (size_t i = 0; i < names.count; i++)
		if (copy_entry(c, from, to, below, names.items[i], err) < 0)
			return -1;
	return 0;
}

int skill_copy(const struct skill *skill, int to_dir, const char *name, struct sa_error *err)
{
	struct copy c = {.todo = NULL};
	if (mkdirat(to_dir, name, 0777) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make %s", skill->name);
	cleanup_close int to =
	    openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc =
	    to < 0 ? error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "open %s", skill->name) : 0;
	push(&c, xstrdup("."));
	while (c.count) {
		cleanup_free char *below = c.todo[--c.count];
		if (rc == 0)
			rc = copy_folder(&c, skill->fd, to, below, err);
	}
	free(c.todo);
	return rc < 0 ? error_prefix(err, "skill '%s'", skill->name) : 0;
}
