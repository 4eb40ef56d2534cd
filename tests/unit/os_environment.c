/* Environments, atomic files, closing what others have opened. */
#include "tap.h"

#include "os/environment.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_environment(void)
{
	static char words[][32] = {"A=1", "SANDBOX_AGENT_TOKEN=secret", "AB=2",
				   "B=", "SANDBOX_AGENT_TOKENS=x"};
	char *base[] = {words[0], words[1], words[2], words[3], words[4], NULL};
	static const char *const more[] = {"AB=3", "C=4", "C=5"};
	char **env = environment_make(base, more, 3);
	size_t count = 0;
	while (env[count])
		count++;
	is_int((int64_t)count, 5, "old and new, each once");
	ok(!environment_get(env, "SANDBOX_AGENT_TOKEN"), "without the server's secret");
	ok(strcmp(environment_get(env, "SANDBOX_AGENT_TOKENS"), "x") == 0,
	   "but what looks like it");
	ok(strcmp(environment_get(env, "A"), "1") == 0, "what was there");
	ok(strcmp(environment_get(env, "AB"), "3") == 0, "is replaced");
	ok(strcmp(environment_get(env, "C"), "5") == 0, "the last one counts");
	ok(strcmp(environment_get(env, "B"), "") == 0, "empty is there");
	ok(!environment_get(env, "D"), "absent is not");
	free(env);
	env = environment_make(NULL, NULL, 0);
	ok(environment_get(env, "PATH") != NULL, "ours by default");
	free(env);
}

static void test_replace(void)
{
	char folder[] = "/tmp/sa-io.XXXXXX", text[16] = "";
	struct stat st;
	if (!mkdtemp(folder))
		abort();
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	is_int(io_replace_at(dir, "file", "file.1", SPAN_LIT("old old"), true), 0,
	       "a file is made");
	is_int(io_replace_at(dir, "file", "file.1", SPAN_LIT("new"), false), 0, "and replaced");
	int fd = openat(dir, "file", O_RDONLY);
	is_int(read(fd, text, sizeof(text)), 3, "as a whole");
	ok(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0600, "and for its owner alone");
	close(fd);
	ok(mkdirat(dir, "folder", 0700) == 0, "a folder");
	is_int(io_replace_at(dir, "folder", "file.1", SPAN_LIT("x"), false), -1, "is not replaced");
	is_int(faccessat(dir, "file.1", F_OK, 0), -1, "and nothing is left behind");
	unlinkat(dir, "folder", AT_REMOVEDIR);
	unlinkat(dir, "file", 0);
	close(dir);
	rmdir(folder);
}

static void test_close_others(void)
{
	int fds[6];
	for (int i = 0; i < 6; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	int high = fcntl(fds[0], F_DUPFD, 700);
	const int kept[] = {fds[4], fds[1], fds[4], -1, fds[2]};
	io_close_others(kept, sizeof(kept) / sizeof(kept[0]));
	for (int i = 0; i < 6; i++)
		ok((fcntl(fds[i], F_GETFD) >= 0) == (i == 1 || i == 2 || i == 4),
		   "descriptor %d is %s", i, i == 1 || i == 2 || i == 4 ? "kept" : "closed");
	ok(fcntl(high, F_GETFD) < 0 && errno == EBADF, "a high one too");
	ok(fcntl(0, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0, "the standard ones stay");
	io_close_others(NULL, 0);
	ok(fcntl(fds[1], F_GETFD) < 0, "none kept");
}

int main(void)
{
	test_environment();
	test_replace();
	test_close_others();
	done_testing();
}
