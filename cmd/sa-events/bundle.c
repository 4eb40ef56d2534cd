#include "bundle.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"
#include "os/spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int import(const char *file, struct sa_error *err)
{
	cleanup_free char *program = dirs_find_sibling("sa-store");
	if (!program)
		return error_set(err, PROBLEM_NOT_FOUND, "there is no sa-store");
	const char *const argv[] = {"sa-store", "import", "--cwd", "/", "--", file, NULL};
	struct spawn spawn = SPAWN_INIT;
	spawn.path = program;
	spawn.argv = (char *const *)argv;
	spawn.fds[0] = strcmp(file, "-") == 0 ? STDIN_FILENO : -1;
	spawn.fds[2] = STDERR_FILENO;
	pid_t pid = spawn_start(&spawn, err);
	if (pid < 0)
		return -1;
	int status = spawn_wait(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	bool is_absent = WIFEXITED(status) && WEXITSTATUS(status) == SA_EXIT_NOT_FOUND;
	return error_set(err, is_absent ? PROBLEM_NOT_FOUND : PROBLEM_INVALID_REQUEST,
			 "no bundle that can be read: %s", file);
}

char *bundle_unpack(const char *file, struct sa_error *err)
{
	const char *parent = getenv("TMPDIR");
	cleanup_free char *folder =
	    xasprintf("%s/sa-bundle.XXXXXX", parent && *parent ? parent : "/tmp");
	if (!mkdtemp(folder)) {
		error_set_errno(err, PROBLEM_FAILED, errno, "make a temporary folder");
		return NULL;
	}
	cleanup_free char *url = xasprintf("sqlite:%s/store.db", folder);
	if (setenv("SANDBOX_AGENT_STORE", url, 1) == 0 && import(file, err) == 0)
		return TAKE_PTR(folder);
	bundle_remove(TAKE_PTR(folder));
	return NULL;
}

void bundle_remove(char *folder)
{
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm",
					    "store.db-queue"};
	if (!folder)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = xasprintf("%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	free(folder);
}
