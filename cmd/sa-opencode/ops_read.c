/* What OpenCode's clients want to know about the place they work in. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "ids.h"
#include "ops.h"
#include "os/dirs.h"
#include "os/io.h"
#include "json/scan.h"
#include "json/write.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEAD_BYTES = 4096 };

void op_config_set(struct job *job)
{
	struct span body = job->request.body;
	/* An agent's settings are its own: nothing is kept. */
	job_reply(job, 200, json_type(body) == JSON_OBJECT ? body : SPAN_LIT("{}"));
}

static char *environment_or(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return xstrdup(value && *value ? value : otherwise ? otherwise : "/");
}

/* The folder with .git at or above directory, or directory. */
static char *find_worktree(const char *directory)
{
	char *folder = xstrdup(directory);
	while (strcmp(folder, "/") != 0) {
		struct stat info;
		cleanup_free char *git = xasprintf("%s/.git", folder);
		if (stat(git, &info) == 0)
			return folder;
		*strrchr(folder, '/') = '\0';
		if (!*folder)
			break;
	}
	free(folder);
	return xstrdup(directory);
}

void op_path(struct job *job)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *directory = ops_directory(job);
	cleanup_free char *worktree = find_worktree(directory);
	cleanup_free char *home = dirs_home();
	cleanup_free char *state_default = dirs_state();
	cleanup_free char *config_default = dirs_config();
	cleanup_free char *state = environment_or("OPENCODE_COMPAT_STATE", state_default);
	cleanup_free char *config = environment_or("OPENCODE_COMPAT_CONFIG", config_default);
	json_open(&b, '{');
	json_kv_string(&b, "home", home ? home : "/");
	json_kv_string(&b, "state", state);
	json_kv_string(&b, "config", config);
	json_kv_string(&b, "worktree", worktree);
	json_kv_string(&b, "directory", directory);
	json_close(&b, '}');
	job_reply(job, 200, buf_span(&b));
}

void op_vcs(struct job *job)
{
	static const char prefix[] = "ref: refs/heads/";
	struct sa_error ignored;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_buf struct buf head = BUF_INIT(HEAD_BYTES);
	cleanup_free char *directory = ops_directory(job);
	cleanup_free char *worktree = find_worktree(directory);
	cleanup_free char *path = xasprintf("%s/.git/HEAD", worktree);
	struct span branch = SPAN_LIT("main");
	if (io_read_file(path, &head, &ignored) == 0) {
		struct span text = span_trim(buf_span(&head));
		if (span_starts_with(text, prefix))
			branch = (struct span){text.p + strlen(prefix), text.n - strlen(prefix)};
	}
	json_open(&b, '{');
	json_kv_span(&b, "branch", branch);
	json_close(&b, '}');
	job_reply(job, 200, buf_span(&b));
}

static void add_project(struct buf *b, const char *directory)
{
	cleanup_free char *id = id_of_project(directory);
	cleanup_free char *copy = xstrdup(directory);
	int64_t now = clock_now_ms();
	json_open(b, '{');
	json_kv_string(b, "id", id);
	json_kv_string(b, "name", basename(copy));
	json_kv_string(b, "worktree", directory);
	json_kv_string(b, "vcs", "git");
	json_key(b, "sandboxes");
	buf_adds(b, "[]");
	json_key(b, "time");
	json_open(b, '{');
	json_kv_int(b, "created", now);
	json_kv_int(b, "updated", now);
	json_close(b, '}');
	json_close(b, '}');
}

void op_project(struct job *job)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *directory = ops_directory(job);
	add_project(&b, directory);
	job_reply(job, 200, buf_span(&b));
}

void op_project_list(struct job *job)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	cleanup_free char *directory = ops_directory(job);
	json_open(&b, '[');
	add_project(&b, directory);
	json_close(&b, ']');
	job_reply(job, 200, buf_span(&b));
}
