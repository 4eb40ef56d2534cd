#include "agent/lazy.h"

#include "base/cleanup.h"
#include "json/scan.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX_BYTES = 1 << 20 };

bool lazy_is_allowed(void)
{
	const char *wish = getenv("SANDBOX_AGENT_REQUIRE_PREINSTALL");
	return !wish || (strcmp(wish, "1") != 0 && strcmp(wish, "true") != 0 &&
			 strcmp(wish, "yes") != 0);
}

/* The problem document in the last line of what the installer said. */
static void take_problem(struct span words, const char *name, struct sa_error *err)
{
	words = span_trim(words);
	const char *newline = words.n ? memrchr(words.p, '\n', words.n) : NULL;
	if (newline)
		words = (struct span){newline + 1, (size_t)(words.p + words.n - newline - 1)};
	bool is_json = json_check(words, NULL) == 0;
	cleanup_free char *detail = is_json ? json_string_dup(json_get(words, "detail")) : NULL;
	cleanup_free char *type = is_json ? json_string_dup(json_get(words, "type")) : NULL;
	const char *kind = type ? strrchr(type, ':') : NULL;
	if (detail)
		error_set(err, kind ? problem_kind_of_name(kind + 1) : PROBLEM_INSTALL_FAILED, "%s",
			  detail);
	else
		error_set(err, PROBLEM_INSTALL_FAILED, "install %s: %.*s", name,
			  SPAN_ARG(words.n ? words : span_of("the installer ended badly")));
}

/* Run sa-install-agent. It neither reads our input nor a .npmrc of the folder we are in: that
 * may belong to the project that the agent is to work on. */
static int install(const char *path, const char *name, struct sa_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	cleanup_close int read_end = ends[0];
	cleanup_close int write_end = ends[1];
	const char *const argv[] = {path, "--lazy", "--quiet", "--json", "--", name, NULL};
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = (char *const *)(uintptr_t)argv;
	spawn.fds[2] = write_end;
	pid_t pid = spawn_start(&spawn, err);
	close(TAKE_FD(write_end));
	if (pid < 0)
		return -1;
	cleanup_buf struct buf words = BUF_INIT(WORDS_MAX_BYTES);
	int rc = io_read_all(read_end, &words, "what the installer says", err);
	if (spawn_wait(pid) == 0)
		return 0;
	if (rc == 0)
		take_problem(buf_span(&words), name, err);
	return -1;
}

int agent_program_need(const char *name, const char *const *command, struct agent_program *ret,
		       struct sa_error *err)
{
	int rc = agent_program_find(name, command, ret, err);
	if (rc == 0 || err->kind != PROBLEM_AGENT_NOT_INSTALLED || !lazy_is_allowed())
		return rc;
	cleanup_free char *path = dirs_find_sibling("sa-install-agent");
	if (!path)
		return -1;
	if (install(path, name, err) < 0)
		return -1;
	return agent_program_find(name, command, ret, err);
}
