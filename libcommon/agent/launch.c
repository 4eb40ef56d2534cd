#include "agent/launch.h"

#include "agent/link.h"
#include "agent/rundir.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/cgroup.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/proctree.h"
#include "os/spawn.h"
#include "store/alive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { READY_LINE_BYTES = 64 * 1024, READY_FD = 3 };

/* Our environment without the server's own secret, then the entries of launch. */
static char **make_environment(const struct launch *launch)
{
	size_t count = 0;
	while (environ[count])
		count++;
	char **env = xcalloc(count + launch->env_count + 1, sizeof(*env));
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "SANDBOX_AGENT_TOKEN=", 20) != 0)
			env[n++] = environ[i];
	for (size_t i = 0; i < launch->env_count; i++) {
		/* Replace what is there: getenv() takes the first. */
		const char *entry = launch->env[i];
		size_t name = strcspn(entry, "=") + 1;
		size_t at = 0;
		while (at < n && strncmp(env[at], entry, name) != 0)
			at++;
		env[at] = (char *)(uintptr_t)entry;
		n += at == n;
	}
	return env;
}

/* A growing argv of borrowed words. */
struct words {
	const char **items;
	size_t count;
};

static void add_word(struct words *words, const char *word)
{
	words->items = xreallocarray(words->items, words->count + 2, sizeof(*words->items));
	words->items[words->count++] = word;
	words->items[words->count] = NULL;
}

static void add_words(struct words *words, const char *const *more)
{
	for (; more && *more; more++)
		add_word(words, *more);
}

/* "sa-credentials exec ... --", which becomes program. kept: names of env, owned by the caller. */
static void add_credentials(struct words *words, const struct launch *launch, char *const *kept,
			    const char *program)
{
	add_words(words, (const char *const[]){"sa-credentials", "exec", "--quiet", "--agent",
					       launch->agent, "--credentials",
					       launch->credentials, NULL});
	for (size_t i = 0; i < launch->env_count; i++) {
		add_word(words, "--keep");
		add_word(words, kept[i]);
	}
	add_word(words, "--");
	add_word(words, program);
}

static void add_supervise(struct words *words, const struct launch *launch)
{
	add_words(words, (const char *const[]){"--server-id", launch->server_id, "--agent",
					       launch->agent, "--ready-fd", "3", "--cwd",
					       launch->cwd, NULL});
	add_words(words, launch->limits);
	add_word(words, "--");
	add_words(words, (const char *const *)launch->argv);
}

/* What a supervisor that ended before it was ready printed, as an error of its kind. */
static int early_end(pid_t pid, int stderr_fd, struct sa_error *err)
{
	static const enum problem_kind kinds[] = {PROBLEM_INVALID_REQUEST, PROBLEM_NOT_FOUND,
						  PROBLEM_PERMISSION_DENIED, PROBLEM_STORE_ERROR};
	cleanup_buf struct buf text = BUF_INIT(READY_LINE_BYTES);
	int status = spawn_wait(pid);
	enum problem_kind kind = PROBLEM_FAILED;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (WIFEXITED(status) &&
		    WEXITSTATUS(status) == problem_info(kinds[i])->exit_status)
			kind = kinds[i];
	if (lseek(stderr_fd, 0, SEEK_SET) == 0)
		while (io_read_some(stderr_fd, &text, 4096) > 0)
			continue;
	struct span words = span_trim(buf_span(&text));
	return error_set(err, kind, "%.*s", SPAN_ARG(words.n ? words : span_of("the supervisor "
									       "ended before it "
									       "was ready")));
}

/* Start argv and wait for its readiness line. 0, or -1 with the problem in it. */
static int start_and_wait(const char *path, char *const *argv, char *const *env,
			  struct sa_error *err)
{
	int ready[2];
	/* A file in memory: it may write there for as long as it lives, and nobody waits for it. */
	cleanup_close int stderr_fd = memfd_create("supervisor-stderr", MFD_CLOEXEC);
	if (stderr_fd < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a pipe");
	cleanup_close int ready_read = ready[0];
	cleanup_close int ready_write = ready[1];
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = argv;
	spawn.env = env;
	spawn.fds[2] = stderr_fd;
	spawn.fds[READY_FD] = ready_write;
	spawn.fd_count = READY_FD + 1;
	spawn.is_session_leader = true;
	/* It outlives us: whoever is our reaper then is its parent. */
	pid_t pid = spawn_start(&spawn, err);
	if (pid < 0)
		return -1;
	close(TAKE_FD(ready_write));
	cleanup_buf struct buf line = BUF_INIT(READY_LINE_BYTES);
	if (io_read_all(ready_read, &line, "the supervisor's readiness", err) < 0)
		return -1;
	struct span text = span_trim(buf_span(&line));
	if (text.n == 0)
		return early_end(pid, stderr_fd, err);
	return link_problem(text, err) ? -1 : 0;
}

/* The sibling's path (caller frees); NULL with err. */
static char *need_sibling(const char *name, struct sa_error *err)
{
	char *path = dirs_find_sibling(name);
	if (!path)
		error_set(err, PROBLEM_FAILED,
			  "%s is neither beside this program nor on PATH; the installation is "
			  "incomplete",
			  name);
	return path;
}

int launch_server(const struct launch *launch, struct sa_error *err)
{
	cleanup_free char *supervise = need_sibling("sa-supervise", err);
	cleanup_free char *credentials =
	    supervise && launch->credentials ? need_sibling("sa-credentials", err) : NULL;
	if (!supervise || (launch->credentials && !credentials))
		return -1;
	cleanup_free char **env = make_environment(launch);
	cleanup_free char **kept = xcalloc(launch->env_count + 1, sizeof(*kept));
	for (size_t i = 0; i < launch->env_count; i++)
		kept[i] = xmemdup0(launch->env[i], strcspn(launch->env[i], "="));
	struct words words = {NULL, 0};
	if (credentials)
		add_credentials(&words, launch, kept, supervise);
	else
		add_word(&words, "sa-supervise");
	add_supervise(&words, launch);
	int rc = start_and_wait(credentials ? credentials : supervise,
				(char *const *)(uintptr_t)words.items, env, err);
	for (size_t i = 0; i < launch->env_count; i++)
		free(kept[i]);
	free(words.items);
	return rc;
}

int launch_reap(struct store *store, struct server *server, struct sa_error *err)
{
	if (server->state != SERVER_RUNNING || server_is_alive(server))
		return 0;
	proctree_kill_tagged(SERVER_TAG, server->uid);
	cgroup_destroy(server->cgroup);
	rundir_remove(server->socket_dir);
	if (store_mark_dead(store, server, err) < 0)
		return -1;
	server->state = SERVER_ENDED;
	return 0;
}

struct dead_list {
	int64_t *keys;
	size_t count;
};

static int note_dead(const struct server *server, void *arg)
{
	struct dead_list *list = arg;
	if (server->state != SERVER_RUNNING || server_is_alive(server))
		return 0;
	list->keys = xreallocarray(list->keys, list->count + 1, sizeof(*list->keys));
	list->keys[list->count++] = server->key;
	return 0;
}

int launch_reap_all(struct store *store, struct sa_error *err)
{
	struct dead_list list = {NULL, 0};
	int rc = store_each_server(store, false, note_dead, &list, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		struct server server = {.key = 0};
		rc = store_get_server(store, list.keys[i], &server, err);
		if (rc == 0)
			rc = launch_reap(store, &server, err);
		server_clear(&server);
	}
	free(list.keys);
	return rc;
}
