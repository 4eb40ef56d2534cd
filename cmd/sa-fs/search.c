#include "search.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "glob.h"
#include "look.h"
#include "json/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 128 * 1024 };

struct walk {
	const struct search *search;
	const char *shown; /* of the top, without a slash at its end */
	search_fn *fn;
	void *arg;
	struct beneath at;
	char *chunk;
	char **todo; /* folders, the next one last; relative, "" is the top */
	size_t todo_count, todo_room;
	uint64_t matches, unread;
	bool is_cut;
};

static void push(struct walk *w, char *path)
{
	if (w->todo_count == w->todo_room) {
		w->todo_room = w->todo_room ? w->todo_room * 2 : 16;
		w->todo = xreallocarray(w->todo, w->todo_room, sizeof(char *));
	}
	w->todo[w->todo_count++] = path;
}

static int tell(struct walk *w, const char *path, bool is_directory, uint64_t line, uint64_t column,
		struct span text, struct sa_error *err)
{
	if (w->matches >= w->search->limit) {
		w->is_cut = true;
		return 0;
	}
	w->matches++;
	cleanup_free char *whole = xasprintf("%s/%s", w->shown, path);
	return w->fn(whole, is_directory, line, column, text, w->arg, err);
}

/* Where in the line; -1: nowhere. */
static int64_t find(const struct search *s, struct span line)
{
	if (s->regex) {
		regmatch_t m = {.rm_so = 0, .rm_eo = (regoff_t)line.n};
		return regexec(s->regex, line.p, 1, &m, REG_STARTEND) == 0 ? m.rm_so : -1;
	}
	const char *at = memmem(line.p, line.n, s->content, strlen(s->content));
	return at ? at - line.p : -1;
}

static int search_lines(struct walk *w, struct lines *lines, uint64_t *line_number,
			const char *path, bool is_end, struct sa_error *err)
{
	struct span line;
	for (;;) {
		enum lines_result result =
		    is_end ? lines_end(lines, &line) : lines_next(lines, &line);
		if (result == LINES_MORE || w->is_cut)
			return 0;
		++*line_number;
		int64_t at = result == LINES_LINE ? find(w->search, line) : -1;
		int rc =
		    at < 0 ? 0 : tell(w, path, false, *line_number, (uint64_t)at + 1, line, err);
		if (rc || is_end)
			return rc;
	}
}

static int search_file(struct walk *w, int dir, const char *name, const char *path,
		       struct sa_error *err)
{
	cleanup_close int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		w->unread++;
		return 0;
	}
	struct lines lines;
	uint64_t line_number = 0;
	int rc = 0;
	bool is_first = true;
	lines_init(&lines, SEARCH_LINE_BYTES);
	while (rc == 0 && !w->is_cut) {
		ssize_t n = read(fd, w->chunk, CHUNK_BYTES);
		if (n < 0)
			w->unread++;
		if (n <= 0)
			break;
		size_t head = (size_t)n < SEARCH_BINARY_BYTES ? (size_t)n : SEARCH_BINARY_BYTES;
		if (is_first && memchr(w->chunk, '\0', head))
			break;
		is_first = false;
		/* regexec() keeps to the line, but a sanitizer's wrapper looks for an end. */
		w->chunk[n] = '\0';
		lines_feed(&lines, (struct span){w->chunk, (size_t)n});
		rc = search_lines(w, &lines, &line_number, path, false, err);
	}
	if (rc == 0 && !w->is_cut)
		rc = search_lines(w, &lines, &line_number, path, true, err);
	lines_free(&lines);
	return rc;
}

static bool is_named(const struct search *s, const char *name, const char *path)
{
	return !s->name || glob_matches(s->name, strchr(s->name, '/') ? path : name);
}

static int visit(struct walk *w, int dir, const char *name, const char *path, bool is_directory,
		 bool is_file, struct sa_error *err)
{
	if (!is_named(w->search, name, path))
		return 0;
	if (!w->search->content && !w->search->regex)
		return tell(w, path, is_directory, 0, 0, SPAN_NONE, err);
	return is_file ? search_file(w, dir, name, path, err) : 0;
}

static int visit_folder(struct walk *w, const char *below, struct sa_error *err)
{
	cleanup_names struct names names = NAMES_INIT;
	cleanup_close int dir =
	    beneath_open(&w->at, *below ? below : ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
	int again = dir < 0 ? -1 : fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (again < 0 || names_read(again, &names) < 0) {
		w->unread++;
		return 0;
	}
	size_t first = w->todo_count;
	for (size_t i = 0; i < names.count && !w->is_cut; i++) {
		struct stat st;
		const char *name = names.items[i];
		if ((name[0] == '.' && !w->search->is_hidden) ||
		    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		char *path = xasprintf("%s%s%s", below, *below ? "/" : "", name);
		int rc = visit(w, dir, name, path, S_ISDIR(st.st_mode), S_ISREG(st.st_mode), err);
		if (rc == 0 && S_ISDIR(st.st_mode))
			push(w, TAKE_PTR(path));
		free(path);
		if (rc)
			return rc;
	}
	for (size_t i = first, j = w->todo_count; i + 1 < j; i++) {
		char *other = w->todo[--j];
		w->todo[j] = w->todo[i];
		w->todo[i] = other;
	}
	return 0;
}

int search_tree(const struct fs *fs, const struct place *place, const struct search *search,
		search_fn *fn, void *arg, bool *ret_is_cut, uint64_t *ret_unread,
		struct sa_error *err)
{
	int top = beneath_open(&fs->at, place->inside, O_PATH | O_DIRECTORY, 0);
	if (top < 0)
		return fs_fail(err, errno, "search", place->shown);
	cleanup_free char *shown = xstrdup(place->shown);
	for (size_t n = strlen(shown); n && shown[n - 1] == '/'; n--)
		shown[n - 1] = '\0';
	struct walk w = {.search = search, .shown = shown, .fn = fn, .arg = arg};
	beneath_init_fd(&w.at, top, true);
	w.chunk = xmalloc(CHUNK_BYTES + 1);
	push(&w, xstrdup(""));
	int rc = 0;
	while (w.todo_count) {
		cleanup_free char *path = w.todo[--w.todo_count];
		if (rc == 0 && !w.is_cut)
			rc = visit_folder(&w, path, err);
	}
	free(w.todo);
	free(w.chunk);
	beneath_close(&w.at);
	*ret_is_cut = w.is_cut;
	*ret_unread = w.unread;
	return rc;
}
