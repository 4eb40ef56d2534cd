/* The verbs that look around: watch, search. */
#include "base/cleanup.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "search.h"
#include "verbs.h"
#include "watch.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

struct printer {
	bool is_text;
	uint64_t left; /* events until the end; 0: no end */
};

static void print_line(struct buf *b)
{
	buf_addc(b, '\n');
	fwrite(b->data, 1, b->len, stdout);
}

/* --- watch ----------------------------------------------------------------------- */

enum { WATCH_ENOUGH = 1 };

static int print_event(const struct watch_event *event, void *arg, struct sa_error *err)
{
	struct printer *p = arg;
	if (p->is_text) {
		printf("%-10s %s%s%s\n", event->what, event->from ? event->from : "",
		       event->from ? " -> " : "", event->path ? event->path : "");
	} else {
		cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
		json_open(&b, '{');
		json_kv_string(&b, "event", event->what);
		json_kv_string(&b, "path", event->path);
		json_kv_string(&b, "from", event->from);
		if (event->path)
			json_kv_string(&b, "entryType", event->is_directory ? "directory" : "file");
		json_close(&b, '}');
		print_line(&b);
	}
	if (command_flush(err) < 0)
		return -1;
	return event->path && p->left && --p->left == 0 ? WATCH_ENOUGH : 0;
}

int run_watch(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	struct printer printer = {command_wants_text(&o->common), o->count};
	if (argc > 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "watch wants one folder");
	if (fs_open(&fs, o->root, false, err) < 0 ||
	    place_of(&fs, argc ? argv[0] : "", &place, err) < 0)
		return -1;
	int rc = watch_tree(&fs, &place, o->is_recursive, (size_t)o->max_folders, print_event,
			    &printer, err);
	return rc < 0 ? -1 : SA_EXIT_OK;
}

/* --- search ---------------------------------------------------------------------- */

static int print_match(const char *path, bool is_directory, uint64_t line, uint64_t column,
		       struct span text, void *arg, struct sa_error *err)
{
	const struct printer *p = arg;
	(void)err;
	bool is_cut = text.n > SEARCH_TEXT_BYTES;
	text.n = utf8_cut(text, SEARCH_TEXT_BYTES);
	if (p->is_text && line)
		printf("%s:%llu: %.*s\n", path, (unsigned long long)line, SPAN_ARG(text));
	if (p->is_text && !line)
		printf("%s\n", path);
	if (p->is_text)
		return 0;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "path", path);
	if (line) {
		json_kv_int(&b, "line", (int64_t)line);
		json_kv_int(&b, "column", (int64_t)column);
		json_kv_span(&b, "text", text);
		if (is_cut)
			json_kv_bool(&b, "truncated", true);
	} else {
		json_kv_string(&b, "entryType", is_directory ? "directory" : "file");
	}
	json_close(&b, '}');
	print_line(&b);
	return 0;
}

/* text as an extended regular expression that means it. */
static char *quote(const char *text)
{
	struct buf b = BUF_INIT(BUF_MAX_OWN);
	buf_adds(&b, "");
	for (; *text; text++) {
		if (strchr("\\^$.|?*+()[]{}", *text))
			buf_addc(&b, '\\');
		buf_addc(&b, *text);
	}
	return buf_take(&b);
}

static int search(const struct fs_options *o, const struct fs *fs, const struct place *place,
		  struct search *s, struct sa_error *err)
{
	struct printer printer = {.is_text = command_wants_text(&o->common)};
	bool is_cut = false;
	uint64_t unread = 0;
	int rc = search_tree(fs, place, s, print_match, &printer, &is_cut, &unread, err);
	if (is_cut)
		fprintf(stderr, "sa-fs search: only the first %llu; see --limit\n",
			(unsigned long long)s->limit);
	if (unread)
		fprintf(stderr, "sa-fs search: %llu could not be read\n",
			(unsigned long long)unread);
	return rc;
}

int run_search(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place place = PLACE_INIT;
	struct search s = {
	    .name = o->name, .content = o->content, .is_hidden = o->is_all, .limit = o->limit};
	regex_t regex;
	if (argc > 1 || (o->content && o->regex) || (o->content && !*o->content))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "search wants one folder, and one text or expression");
	if (fs_open(&fs, o->root, false, err) < 0 ||
	    place_of(&fs, argc ? argv[0] : "", &place, err) < 0)
		return -1;
	cleanup_free char *quoted = o->content && o->is_ignoring_case ? quote(o->content) : NULL;
	const char *pattern = o->regex ? o->regex : quoted;
	if (!pattern)
		return search(o, &fs, &place, &s, err);
	int rc = regcomp(&regex, pattern, REG_EXTENDED | (o->is_ignoring_case ? REG_ICASE : 0));
	if (rc) {
		char words[128];
		regerror(rc, &regex, words, sizeof(words));
		return error_set(err, PROBLEM_INVALID_REQUEST, "--regex '%s': %s", pattern, words);
	}
	s.regex = &regex;
	rc = search(o, &fs, &place, &s, err);
	regfree(&regex);
	return rc;
}
