#include "agent/launch.h"

#include "agent/hygiene.h"
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
#include "json/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_LINE_BYTES = 64 * 1024, READY_FD = 3 };

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
	add_words(words,
		  (const char *const[]){"sa-credentials", "exec", "--quiet", "--agent",
					launch->agent, "--credentials", launch->credentials, NULL});
	for (size_t i = 0; i < launch->env_count; i++) {
		add_word(words, "--keep");
		add_word(words, kept[i]);
	}
	add_word(words, "--");
	add_word(words, program);
}

static void add_supervise(struct words *words, const struct launch *launch)
{
	add_words(words,
		  (const char *const[]){"--server-id", launch->server_id, "--agent", launch->agent,
					"--ready-fd", "3", "--cwd", launch->cwd, NULL});
	if (launch->server_uid)
		add_words(words, (const char *const[]){"--server-uid", launch->server_uid, NULL});
	if (launch->credentials)
		add_words(words, (const char *const[]){"--credentials", launch->credentials, NULL});
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
		if (WIFEXITED(status) && WEXITSTATUS(status) == problem_info(kinds[i])->exit_status)
			kind = kinds[i];
	if (lseek(stderr_fd, 0, SEEK_SET) == 0)
		while (io_read_some(stderr_fd, &text, 4096) > 0)
			continue;
	struct span words = span_trim(buf_span(&text));
	return error_set(err, kind, "%.*s",
			 SPAN_ARG(words.n ? words
					  : span_of("the supervisor "
						    "ended before it "
						    "was ready")));
}

/* Start argv; its readiness line is still to come. 0, or -1. */
static int start(const char *path, char *const *argv, char *const *env, struct launching *ret,
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
	*ret = (struct launching){
	    .pid = pid,
	    .ready_fd = TAKE_FD(ready_read),
	    .stderr_fd = TAKE_FD(stderr_fd),
	    .line = BUF_INIT(READY_LINE_BYTES),
	};
	return 0;
}

int launch_continue(struct launching *launching, struct sa_error *err)
{
	char chunk[4096];
	ssize_t n;
	while ((n = read(launching->ready_fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return error_set_errno(err, PROBLEM_FAILED, errno,
					       "the supervisor's readiness");
		if (n > 0 && buf_add(&launching->line, chunk, (size_t)n) < 0)
			return error_set(err, PROBLEM_BUG, "the supervisor's readiness is endless");
	}
	struct span text = span_trim(buf_span(&launching->line));
	if (text.n == 0)
		return early_end(launching->pid, launching->stderr_fd, err);
	return json_read_problem(text, err) ? -1 : 1;
}

void launching_clear(struct launching *launching)
{
	if (launching->ready_fd >= 0)
		close(launching->ready_fd);
	if (launching->stderr_fd >= 0)
		close(launching->stderr_fd);
	buf_free(&launching->line);
	*launching = LAUNCHING_INIT;
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

int launch_begin(const struct launch *launch, struct launching *ret, struct sa_error *err)
{
	cleanup_free char *supervise = need_sibling("sa-supervise", err);
	cleanup_free char *credentials =
	    supervise && launch->credentials ? need_sibling("sa-credentials", err) : NULL;
	if (!supervise || (launch->credentials && !credentials))
		return -1;
	/* The supervisor needs our own variables; it takes them away from the agent. */
	cleanup_hygiene struct hygiene env = HYGIENE_INIT;
	hygiene_environment(launch->agent, launch->credentials != NULL, launch->inherits_env,
			    launch->env, launch->env_count, &env);
	cleanup_free char **kept = xcalloc(launch->env_count + 1, sizeof(*kept));
	for (size_t i = 0; i < launch->env_count; i++)
		kept[i] = xmemdup0(launch->env[i], strcspn(launch->env[i], "="));
	struct words words = {NULL, 0};
	if (credentials)
		add_credentials(&words, launch, kept, supervise);
	else
		add_word(&words, "sa-supervise");
	add_supervise(&words, launch);
	int rc = start(credentials ? credentials : supervise, (char *const *)(uintptr_t)words.items,
		       env.entries, ret, err);
	for (size_t i = 0; i < launch->env_count; i++)
		free(kept[i]);
	free(words.items);
	return rc;
}

int launch_server(const struct launch *launch, struct sa_error *err)
{
	struct launching launching = LAUNCHING_INIT;
	if (launch_begin(launch, &launching, err) < 0)
		return -1;
	int rc = launch_continue(&launching, err);
	launching_clear(&launching);
	return rc < 0 ? -1 : 0;
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
