/* sa-fs: files, for shells and behind /v1/fs. */
#include "verbs.h"

#include "base/cleanup.h"
#include "change.h"
#include "cli/remote.h"
#include "entry.h"
#include "filter.h"
#include "search.h"
#include "unpack.h"
#include "watch.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(struct fs_options, field)

#define OPTION_ROOT                                                                  \
	{                                                                            \
		"root", 0, OPTION_STRING, AT(root), "DIR", "nothing outside of DIR", \
		    COMPLETE_DIRECTORIES                                             \
	}

static const struct option plain_options[] = {OPTIONS_COMMON, OPTIONS_REMOTE, OPTION_ROOT,
					      OPTIONS_END};
static const struct option filter_options[] = {OPTIONS_COMMON, OPTION_ROOT, OPTIONS_END};
static const struct option stat_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"no-follow", 0, OPTION_FLAG, AT(is_not_following), NULL, "a link itself", NULL},
    OPTIONS_END,
};
static const struct option read_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"range", 0, OPTION_STRING, AT(range), "FIRST-LAST", "these bytes: 0-99, 100-, -100", NULL},
    OPTIONS_END,
};
static const struct option write_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"if-match", 0, OPTION_STRING, AT(if_match), "ETAG", "only if the file is still this one",
     NULL},
    {"new", 0, OPTION_FLAG, AT(is_new), NULL, "only if there is no such file", NULL},
    {"sync", 0, OPTION_FLAG, AT(is_synced), NULL, "on disk before it is told", NULL},
    OPTIONS_END,
};
static const struct option mv_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"overwrite", 0, OPTION_FLAG, AT(is_overwriting), NULL, "replace what is there", NULL},
    OPTIONS_END,
};
static const struct option rm_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"recursive", 'r', OPTION_FLAG, AT(is_recursive), NULL, "folders with their content", NULL},
    OPTIONS_END,
};

static const struct option upload_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"path", 0, OPTION_STRING, AT(path), "DIR", "destination below the home folder", NULL},
    {"max-bytes", 0, OPTION_SIZE, AT(max_bytes), "SIZE", "unpacked, all in all (256G)", NULL},
    {"max-entries", 0, OPTION_U64, AT(max_entries), "N", "names (1000000)", NULL},
    {"max-ratio", 0, OPTION_U64, AT(max_ratio), "N", "unpacked to packed, of one (250)", NULL},
    OPTIONS_END,
};
static const struct option download_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"compress", 0, OPTION_STRING, AT(compress), "HOW", "gzip or zstd", "gzip zstd"},
    OPTIONS_END,
};

static const struct option watch_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"recursive", 'r', OPTION_FLAG, AT(is_recursive), NULL, "folders in it too, new ones as well",
     NULL},
    {"count", 0, OPTION_U64, AT(count), "N", "end after N changes", NULL},
    {"max-folders", 0, OPTION_U64, AT(max_folders), "N", "at most so many folders (8192)", NULL},
    OPTIONS_END,
};
static const struct option search_options[] = {
    OPTIONS_COMMON,
    OPTIONS_REMOTE,
    OPTION_ROOT,
    {"name", 0, OPTION_STRING, AT(name), "PATTERN", "names, or with '/' paths, like '*.c'", NULL},
    {"content", 0, OPTION_STRING, AT(content), "TEXT", "lines that have this text", NULL},
    {"regex", 0, OPTION_STRING, AT(regex), "ERE", "lines that match this expression", NULL},
    {"ignore-case", 'i', OPTION_FLAG, AT(is_ignoring_case), NULL, "in lines", NULL},
    {"all", 0, OPTION_FLAG, AT(is_all), NULL, "names that begin with '.' too", NULL},
    {"limit", 0, OPTION_U64, AT(limit), "N", "at most so many matches (10000)", NULL},
    OPTIONS_END,
};

static void set_watch_limits(void *options)
{
	((struct fs_options *)options)->max_folders = WATCH_DEFAULT_FOLDERS;
}

static void set_search_limits(void *options)
{
	((struct fs_options *)options)->limit = SEARCH_DEFAULT_LIMIT;
}

static void set_upload_limits(void *options)
{
	struct fs_options *o = options;
	o->max_bytes = UNPACK_DEFAULT_BYTES;
	o->max_entries = UNPACK_DEFAULT_ENTRIES;
	o->max_ratio = UNPACK_DEFAULT_RATIO;
}

static int run_mkdir(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "mkdir wants a folder");
	if (fs_open(&fs, o->root, false, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++) {
		cleanup_place struct place place = PLACE_INIT;
		if (place_of(&fs, argv[i], &place, err) < 0 || change_mkdir(&fs, &place, err) < 0)
			return -1;
	}
	return SA_EXIT_OK;
}

static int run_mv(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	cleanup_place struct place from = PLACE_INIT, to = PLACE_INIT;
	if (argc != 2)
		return error_set(err, PROBLEM_INVALID_REQUEST, "mv wants FROM and TO");
	if (fs_open(&fs, o->root, false, err) < 0 || place_of(&fs, argv[0], &from, err) < 0 ||
	    place_of(&fs, argv[1], &to, err) < 0)
		return -1;
	return change_move(&fs, &from, &to, o->is_overwriting, err);
}

static int run_rm(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	cleanup_fs struct fs fs = FS_INIT;
	if (argc < 1)
		return error_set(err, PROBLEM_INVALID_REQUEST, "rm wants a path");
	if (fs_open(&fs, o->root, false, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++) {
		cleanup_place struct place place = PLACE_INIT;
		if (place_of(&fs, argv[i], &place, err) < 0 ||
		    change_remove(&fs, &place, o->is_recursive, NULL, err) < 0)
			return -1;
	}
	return SA_EXIT_OK;
}

static int run_filter(const void *arg, int argc, char **argv, struct sa_error *err)
{
	const struct fs_options *o = arg;
	if (argc > 0)
		return error_set(err, PROBLEM_INVALID_REQUEST, "filter takes no operand, not '%s'",
				 argv[0]);
	return fs_filter(o->root, err);
}

static const char *const examples_list[] = {"sa-fs list src", "sa-fs list --json | jq -r .path",
					    NULL};
static const char *const examples_stat[] = {"sa-fs stat README.md",
					    "sa-fs stat --no-follow --json link", NULL};
static const char *const examples_read[] = {"sa-fs read README.md",
					    "sa-fs read --range -100 build.log", NULL};
static const char *const examples_write[] = {"make 2>&1 | sa-fs write build.log",
					     "sa-fs write --new --sync .lock </dev/null", NULL};
static const char *const examples_append[] = {"date | sa-fs append build.log",
					      "sa-fs append --root . notes.txt <more.txt", NULL};
static const char *const examples_mkdir[] = {"sa-fs mkdir a/b/c", "sa-fs mkdir --root . a b", NULL};
static const char *const examples_mv[] = {"sa-fs mv build.log old/build.log",
					  "sa-fs mv --overwrite new-dist dist", NULL};
static const char *const examples_rm[] = {"sa-fs rm build.log", "sa-fs rm --recursive dist", NULL};
static const char *const examples_upload[] = {"tar -cz src | sa-fs upload copy",
					      "sa-fs upload --root . in <site.zip", NULL};
static const char *const examples_download[] = {"sa-fs download src >src.tar",
						"sa-fs download --compress zstd . | wc -c", NULL};
static const char *const examples_watch[] = {"sa-fs watch --recursive src",
					     "sa-fs watch --count 1 . && make", NULL};
static const char *const examples_search[] = {
    "sa-fs search --name '*.md'", "sa-fs search --content parse --name '*.c' src", NULL};
static const char *const examples_filter[] = {
    "echo '{\"op\":\"stat\",\"params\":{\"path\":\"/etc\"}}' | sa-fs filter",
    "echo '{\"op\":\"entries\",\"params\":{\"path\":\"/\"}}' | sa-fs filter --root /etc", NULL};

#define LIMITED(verb_name, verb_operands, words, table, function, shown, defaults)                 \
	{                                                                                          \
		.name = (verb_name), .operands = (verb_operands), .summary = (words),              \
		.options = (table), .options_bytes = sizeof(struct fs_options), .run = (function), \
		.examples = (shown), .set_defaults = (defaults), .complete = COMPLETE_FILES        \
	}
#define VERB(verb_name, verb_operands, words, table, function, shown) \
	LIMITED(verb_name, verb_operands, words, table, function, shown, NULL)

static const struct verb verbs[] = {
    VERB("list", "[DIR]", "the entries of a folder, sorted", plain_options, run_list,
	 examples_list),
    VERB("stat", "PATH ...", "kind, size, mode, time, entity tag", stat_options, run_stat,
	 examples_stat),
    VERB("read", "FILE", "a file, or a part of it", read_options, run_read, examples_read),
    VERB("write", "FILE", "replace a file by standard input, in one step", write_options, run_write,
	 examples_write),
    VERB("append", "FILE", "add standard input to a file", plain_options, run_append,
	 examples_append),
    VERB("mkdir", "DIR ...", "folders and their parents", plain_options, run_mkdir, examples_mkdir),
    VERB("mv", "FROM TO", "move and rename", mv_options, run_mv, examples_mv),
    VERB("rm", "PATH ...", "delete", rm_options, run_rm, examples_rm),
    LIMITED("watch", "[DIR]", "tell of changes as they happen", watch_options, run_watch,
	    examples_watch, set_watch_limits),
    LIMITED("search", "[DIR]", "names and lines in a tree", search_options, run_search,
	    examples_search, set_search_limits),
    LIMITED("upload", "[DIR]", "unpack the archive on standard input", upload_options, run_upload,
	    examples_upload, set_upload_limits),
    VERB("download", "[DIR]", "a folder as a tar archive", download_options, run_download,
	 examples_download),
    VERB("filter", "", "requests as JSON lines in, answers out", filter_options, run_filter,
	 examples_filter),
    {.run = NULL},
};

int main(int argc, char **argv)
{
	static const char *const example[] = {"tar -cz src | sa-fs upload --root . copy",
					      "sa-fs list --json | jq -r .path", NULL};
	static const struct command command = {
	    .name = "sa-fs",
	    .summary = "files: list, read, write, move, watch, search, pack and unpack",
	    .verbs = verbs,
	    .example = example,
	};
	static const char *const local_verbs[] = {"filter", NULL};
	static const struct remote_input inputs[] = {{"write", NULL, 1, NULL, true},
						     {"append", NULL, 1, NULL, true},
						     {"upload", NULL, -1, NULL, true},
						     {NULL, NULL, 0, NULL, false}};
	static const struct remote remote = {
	    .name = "fs", .local_verbs = local_verbs, .inputs = inputs};
	int status = remote_become(&command, &remote, argc, argv);
	return status >= 0 ? status : command_main(&command, argc, argv);
}
