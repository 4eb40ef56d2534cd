/* Names and links in archives, and temporary files: what may be, what goes. */
#include "tap.h"

#include "../../cmd/sa-fs/names.c"

#include "os/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_names(void)
{
	static const struct {
		const char *path, *clean; /* NULL: refused */
	} cases[] = {
	    {"a", "a"},	    {"a/b", "a/b"},   {"./a", "a"}, {"a/./b//c/", "a/b/c"},
	    {"", ""},	    {".", ""},	      {"./", ""},   {"...", "..."},
	    {"..a", "..a"}, {"a..", "a.."},   {"..", NULL}, {"../a", NULL},
	    {"a/..", NULL}, {"a/../b", NULL}, {"/", NULL},  {"/a", NULL},
	    {"//a", NULL},  {"./../a", NULL}, {" ", " "},   {"a\n", "a\n"},
	};
	struct buf b = BUF_INIT(NAME_PATH_BYTES * 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = name_clean(cases[i].path, &b);
		ok(cases[i].clean ? !why && span_is(buf_span(&b), cases[i].clean) : why != NULL,
		   "name '%s'", cases[i].path);
	}
	char part[300];
	memset(part, 'n', sizeof(part));
	part[NAME_PART_BYTES] = '\0';
	ok(!name_clean(part, &b), "a part of 255 bytes");
	part[NAME_PART_BYTES] = 'n';
	part[NAME_PART_BYTES + 1] = '\0';
	ok(name_clean(part, &b), "one of 256 is refused");
	char deep[3 * NAME_DEPTH + 8] = "";
	for (int i = 0; i < NAME_DEPTH; i++)
		memcpy(deep + 2 * i, "d/", 3);
	ok(!name_clean(deep, &b), "256 folders");
	memcpy(deep + 2 * NAME_DEPTH, "d", 2);
	ok(name_clean(deep, &b), "257 are refused");
	static char path[NAME_PATH_BYTES + 300];
	size_t n = 0;
	while (n + 201 <= NAME_PATH_BYTES) {
		memset(path + n, 'p', 200);
		path[n + 200] = '/';
		n += 201;
	}
	memset(path + n, 'p', NAME_PATH_BYTES - n);
	ok(!name_clean(path, &b), "a path of 4000 bytes");
	path[NAME_PATH_BYTES] = 'p';
	ok(name_clean(path, &b), "one of 4001 is refused");
	buf_free(&b);
}

static void test_links(void)
{
	static const struct {
		const char *target;
		size_t depth;
		bool is_right;
	} cases[] = {
	    {"a", 0, true},	   {"./a", 0, true},	   {"a/b", 0, true},
	    {".", 0, true},	   {"..", 1, true},	   {"../a", 1, true},
	    {"../../a", 2, true},  {".././../a", 2, true}, {"", 0, false},
	    {"/", 5, false},	   {"/a", 5, false},	   {"..", 0, false},
	    {"../a", 0, false},	   {"../../a", 1, false},  {"a/..", 1, false},
	    {"../a/..", 5, false}, {"./a/../b", 5, false}, {"...", 0, true},
	    {"a/..b", 0, true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(!link_judge(cases[i].target, cases[i].depth) == cases[i].is_right,
		   "link '%s' at depth %zu", cases[i].target, cases[i].depth);
}

static void test_sweep(const char *folder)
{
	struct tempfile t = TEMPFILE_INIT;
	int dir = open(folder, O_PATH | O_DIRECTORY);
	ok(tempfile_open(dir, 0640, &t) == 0 && write(t.fd, "x", 1) == 1, "a file to be");
	is_int(faccessat(dir, "f", F_OK, 0), -1, "nothing is there yet");
	ok(tempfile_commit(&t, dir, "f", false) == 0, "it gets its name");
	is_int(faccessat(dir, "f", F_OK, 0), 0, "and is there");
	ok(tempfile_open(dir, 0640, &t) == 0 && tempfile_commit(&t, dir, "f", false) < 0 &&
	       errno == EEXIST,
	   "a second one is not put over it");
	ok(tempfile_commit(&t, dir, "f", true) == 0, "unless it may");
	tempfile_discard(&t, dir);
	int held = openat(dir, TEMPFILE_PREFIX "held", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	close(openat(dir, TEMPFILE_PREFIX "left", O_CREAT | O_RDWR | O_CLOEXEC, 0600));
	ok(held >= 0 && flock(held, LOCK_EX) == 0 &&
	       symlinkat("x", dir, TEMPFILE_PREFIX "link") == 0 &&
	       mkdirat(dir, TEMPFILE_PREFIX "dir", 0700) == 0,
	   "one that is held, one that is left, a link, a folder");
	is_int(tempfile_sweep(dir, TEMPFILE_LINK_AGE_S), 1,
	       "what is left goes, a fresh link stays");
	is_int(tempfile_sweep(dir, 0), 1, "an old link goes");
	is_int(faccessat(dir, TEMPFILE_PREFIX "held", F_OK, 0), 0, "what is held stays");
	close(held);
	is_int(tempfile_sweep(dir, 0), 1, "until it is let go");
	unlinkat(dir, TEMPFILE_PREFIX "dir", AT_REMOVEDIR);
	unlinkat(dir, "f", 0);
	close(dir);
}

int main(void)
{
	char folder[] = "/tmp/sa-unit.XXXXXX";
	test_names();
	test_links();
	if (mkdtemp(folder)) {
		test_sweep(folder);
		rmdir(folder);
	}
	return done_testing();
}
