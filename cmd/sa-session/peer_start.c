#include "peer_start.h"

#include "terms.h"

#include "agent/registry.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "json/scan.h"
#include "json/write.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/proctree.h"
#include "os/spawn.h"
#include "store/alive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void peer_close_ready(struct peer *peer)
{
	int fd = peer->ready.fd;
	loop_forget(&peer->broker->loop, &peer->ready);
	/* That of a launch is the launch's own. */
	if (fd >= 0 && fd != peer->launching.ready_fd)
		close(fd);
}

/* --- launching --------------------------------------------------------------------- */

static void remember_child(struct broker *broker, pid_t pid)
{
	broker->children = xreallocarray(broker->children, broker->child_count + 1,
					 sizeof(*broker->children));
	broker->children[broker->child_count++] = pid;
}

void peers_reap(struct broker *broker)
{
	for (size_t i = 0; i < broker->child_count;) {
		if (waitpid(broker->children[i], NULL, WNOHANG) == 0)
			i++;
		else
			broker->children[i] = broker->children[--broker->child_count];
	}
}

static void on_ready(void *arg, uint32_t events)
{
	struct peer *peer = arg;
	struct broker *broker = peer->broker;
	struct sa_error err = SA_ERROR_INIT;
	(void)events;
	int rc = launch_continue(&peer->launching, &err);
	if (rc == 0)
		return;
	pid_t pid = peer->launching.pid;
	peer_close_ready(peer);
	launching_clear(&peer->launching);
	if (rc > 0)
		remember_child(broker, pid);
	if (rc > 0 && store_find_server(broker->store, peer->id, &peer->server, &err) == 0 &&
	    peer_link(peer, &err) == 0)
		return;
	peer_end(peer, &err);
}

static int launch(struct peer *peer, const struct agent_program *program, const char *cwd,
		  char *const *env, size_t env_count, struct sa_error *err)
{
	cleanup_terms struct terms terms = {NULL, 0};
	terms_add_recorded(&terms, peer->settings);
	cleanup_free char *here = cwd ? NULL : realpath(".", NULL);
	const struct launch launch = {
	    .server_id = peer->id,
	    .agent = program->name,
	    .argv = program->argv,
	    .cwd = cwd ? cwd : here ? here : "/",
	    /* Whoever speaks the reference's protocol sets agents up by our environment. */
	    .inherits_env = !cwd,
	    .env = (const char *const *)env,
	    .env_count = env_count,
	    .limits = (const char *const *)terms.words,
	};
	if (launch_begin(&launch, &peer->launching, err) < 0)
		return -1;
	io_set_nonblocking(peer->launching.ready_fd);
	peer->state = PEER_LAUNCHING;
	peer->is_ours = true;
	peer->broker->starts++;
	if (loop_watch(&peer->broker->loop, &peer->ready, peer->launching.ready_fd, EPOLLIN,
		       on_ready, peer) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "watch a supervisor");
	return 0;
}

/* --- installing ----------------------------------------------------------------------- */

static bool may_install(void)
{
	const char *value = getenv("SANDBOX_AGENT_REQUIRE_PREINSTALL");
	return !(value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0 ||
			   strcmp(value, "yes") == 0));
}

static int launch_by_name(struct peer *peer, struct sa_error *err)
{
	cleanup_agent_program struct agent_program program = {.name = NULL};
	if (agent_program_find(peer->agent, NULL, &program, err) < 0)
		return -1;
	return launch(peer, &program, NULL, NULL, 0, err);
}

/* What the installer said: its problem document, or its words. */
static void take_install_error(struct peer *peer, struct sa_error *err)
{
	struct span words = span_trim(buf_span(&peer->install_words));
	const char *newline = words.n ? memrchr(words.p, '\n', words.n) : NULL;
	struct span last = newline ? (struct span){newline + 1, (size_t)(words.p + words.n - newline) - 1}
				   : words;
	cleanup_free char *detail =
	    json_check(last, NULL) == 0 ? json_string_dup(json_get(last, "detail")) : NULL;
	if (detail)
		error_set(err, PROBLEM_INSTALL_FAILED, "%s", detail);
	else
		error_set(err, PROBLEM_INSTALL_FAILED, "install agent '%s': %.*s", peer->agent,
			  SPAN_ARG(words));
}

static void on_install_words(void *arg, uint32_t events)
{
	struct peer *peer = arg;
	struct sa_error err = SA_ERROR_INIT;
	char chunk[4096];
	(void)events;
	ssize_t n = read(peer->ready.fd, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		buf_add(&peer->install_words, chunk, (size_t)n);
		return;
	}
	peer_close_ready(peer);
	int status = spawn_wait(peer->pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		take_install_error(peer, &err);
	else if (launch_by_name(peer, &err) == 0)
		return;
	peer_end(peer, &err);
}

/* err says why the agent is not there; it stays when nothing can be done about it. */
static int install(struct peer *peer, struct sa_error *err)
{
	cleanup_free char *path = dirs_find_sibling("sa-install-agent");
	int p[2];
	if (!may_install() || !path)
		return -1;
	if (pipe2(p, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make a pipe");
	cleanup_close int theirs = p[1];
	char *const argv[] = {path, (char *)(uintptr_t) "--lazy", (char *)(uintptr_t) "--quiet",
			      (char *)(uintptr_t) "--json",
			      (char *)(uintptr_t) "--", peer->agent, NULL};
	struct spawn spawn = SPAWN_INIT;
	spawn.path = path;
	spawn.argv = argv;
	spawn.fds[2] = theirs;
	peer->pid = spawn_start(&spawn, err);
	if (peer->pid < 0) {
		close(p[0]);
		return -1;
	}
	io_set_nonblocking(p[0]);
	peer->state = PEER_INSTALLING;
	if (loop_watch(&peer->broker->loop, &peer->ready, p[0], EPOLLIN, on_install_words, peer) == 0)
		return 0;
	close(p[0]);
	return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "watch the installer");
}

/* --- which one ---------------------------------------------------------------------------- */

static int say_agent(struct sa_error *err, struct buf *extensions, const char *agent)
{
	if (err->kind == PROBLEM_UNSUPPORTED_AGENT || err->kind == PROBLEM_AGENT_NOT_INSTALLED ||
	    err->kind == PROBLEM_INSTALL_FAILED)
		json_kv_string(extensions, "agent", agent);
	return -1;
}

static int refuse_other_agent(const char *id, const char *is, const char *wanted,
			      struct sa_error *err, struct buf *extensions)
{
	error_set(err, PROBLEM_CONFLICT, "server '%s' runs agent '%s', not '%s'", id, is, wanted);
	json_key(extensions, "details");
	json_open(extensions, '{');
	json_kv_string(extensions, "message", err->message);
	json_close(extensions, '}');
	return -1;
}

static struct peer *start_new(struct broker *broker, const char *id, const char *agent,
			      const char *settings, struct sa_error *err, struct buf *extensions)
{
	struct peer *peer = peer_new(broker, id, agent);
	peer->settings = xstrdup(settings);
	int rc = launch_by_name(peer, err);
	if (rc < 0 && err->kind == PROBLEM_AGENT_NOT_INSTALLED)
		rc = install(peer, err);
	if (rc == 0)
		return peer;
	peer->state = PEER_GONE;
	say_agent(err, extensions, agent);
	return NULL;
}

static struct peer *join(struct broker *broker, struct server *server, struct sa_error *err)
{
	struct peer *peer = peer_new(broker, server->id, server->agent);
	peer->server = *server;
	*server = (struct server){.key = 0};
	if (peer_link(peer, err) == 0)
		return peer;
	peer->state = PEER_GONE;
	return NULL;
}

/* The row of a server that is not closed. 1: there is one, 0: none, -1. */
static int look_up(struct broker *broker, const char *id, struct server *ret, struct sa_error *err)
{
	if (store_find_server(broker->store, id, ret, err) < 0)
		return err->kind == PROBLEM_NOT_FOUND ? 0 : -1;
	if (ret->state == SERVER_CLOSED)
		return 0;
	return launch_reap(broker->store, ret, err) < 0 ? -1 : 1;
}

static struct peer *known(struct peer *peer, const char *agent, struct sa_error *err,
			  struct buf *extensions)
{
	if (!agent || strcmp(agent, peer->agent) == 0)
		return peer;
	struct agent_record record = AGENT_RECORD_INIT;
	int rc = catalog_find(agent, &record, err);
	agent_record_clear(&record);
	if (rc < 0)
		say_agent(err, extensions, agent);
	else
		refuse_other_agent(peer->id, peer->agent, agent, err, extensions);
	return NULL;
}

struct peer *peer_get(struct broker *broker, const char *id, const char *agent, bool may_start,
		      struct sa_error *err, struct buf *extensions)
{
	struct peer *peer = peer_find(broker, id);
	cleanup_server struct server server = {.key = 0};
	if (peer && peer->state != PEER_ENDING)
		return known(peer, agent, err, extensions);
	if (peer) /* whatever comes after it */
		return peer;
	int rc = look_up(broker, id, &server, err);
	if (rc < 0)
		return NULL;
	if (rc > 0 && agent && strcmp(agent, server.agent) != 0) {
		if (server.state == SERVER_RUNNING) {
			refuse_other_agent(id, server.agent, agent, err, extensions);
			return NULL;
		}
		/* It has ended, and its name is wanted for another. */
		if (store_set_server_state(broker->store, server.key, SERVER_CLOSED,
					   "its id was given to another agent", err) < 0)
			return NULL;
		rc = 0;
	}
	if (rc > 0 && server.state == SERVER_RUNNING)
		return join(broker, &server, err);
	if (rc > 0 && !agent && !may_start) {
		error_set(err, PROBLEM_AGENT_PROCESS_EXITED,
			  "the agent of server '%s' has ended%s%s; 'initialize' starts it again", id,
			  server.end_reason ? ": " : "", server.end_reason ? server.end_reason : "");
		json_kv_string(extensions, "agent", server.agent);
		return NULL;
	}
	if (rc == 0 && !agent) {
		error_set(err, PROBLEM_INVALID_REQUEST,
			  "the first message for a server must name its agent: ?agent=NAME");
		return NULL;
	}
	peer = start_new(broker, id, agent ? agent : server.agent, rc > 0 ? server.settings_json : NULL, err,
			 extensions);
	broker->restarts += peer && rc > 0;
	return peer;
}

int peer_get_running(struct broker *broker, const char *id, struct peer **ret,
		     struct server *ret_server, struct sa_error *err)
{
	*ret = peer_find(broker, id);
	if (*ret)
		return 1;
	int rc = look_up(broker, id, ret_server, err);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		server_clear(ret_server);
		*ret_server = (struct server){.key = 0};
		return 0;
	}
	if (ret_server->state != SERVER_RUNNING)
		return 0;
	*ret = join(broker, ret_server, err);
	return *ret ? 1 : -1;
}

struct stray_list {
	const char *owner;
	int64_t *keys;
	size_t count;
};

static int note_stray(const struct server *server, void *arg)
{
	struct stray_list *list = arg;
	if (server->state != SERVER_RUNNING || server->is_elsewhere || !server_is_alive(server) ||
	    !proctree_is_tagged(server->supervisor.pid, FILTER_OWNER_TAG, list->owner))
		return 0;
	list->keys = xreallocarray(list->keys, list->count + 1, sizeof(*list->keys));
	list->keys[list->count++] = server->key;
	return 0;
}

void peers_take_strays(struct broker *broker)
{
	struct sa_error ignored = SA_ERROR_INIT;
	struct stray_list list = {getenv(FILTER_OWNER_TAG), NULL, 0};
	if (list.owner)
		store_each_server(broker->store, false, note_stray, &list, &ignored);
	for (size_t i = 0; i < list.count; i++) {
		cleanup_server struct server server = {.key = 0};
		if (store_get_server(broker->store, list.keys[i], &server, &ignored) < 0)
			continue;
		struct peer *peer = peer_find(broker, server.id);
		if (!peer)
			peer = join(broker, &server, &ignored);
		if (peer)
			peer->is_ours = true;
	}
	free(list.keys);
}

struct peer *peer_launch(struct broker *broker, const char *id, const char *agent,
			 const char *const *command, const char *adapter, const char *cwd,
			 char *const *env, size_t env_count, const char *settings,
			 struct sa_error *err)
{
	cleanup_agent_program struct agent_program program = {.name = NULL};
	if ((adapter ? agent_program_choose(agent, adapter, &program, err)
		     : agent_program_find(agent, command, &program, err)) < 0)
		return NULL;
	struct peer *peer = peer_new(broker, id, program.name);
	peer->settings = xstrdup(settings);
	if (launch(peer, &program, cwd, env, env_count, err) == 0)
		return peer;
	peer->state = PEER_GONE;
	return NULL;
}
