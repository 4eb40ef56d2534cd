#include "source.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "http/uri.h"
#include "os/beneath.h"
#include "os/dirs.h"
#include "os/io.h"
#include "os/spawn.h"
#include "os/tempfile.h"
#include "os/tree.h"
#include "json/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_BYTES = 16384, WORDS_MAX = 24, KEY_BYTES = 240 };

/* --- what may be asked for ------------------------------------------------------- */

static bool has_only(const char *text, const char *allowed)
{
	return *text && text[0] != '-' && text[strspn(text, allowed)] == '\0';
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* A repository that git reaches by itself: no transport helper (ext::), no option. */
static bool is_url(const char *url)
{
	static const char *const schemes[] = {"https://", "http://", "ssh://", "git://", "file://"};
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return url[strlen(schemes[i])] != '-';
	/* user@host:path */
	const char *at = strchr(url, '@'), *colon = strchr(url, ':');
	return has_only(url, LETTERS "-._@:/~+") && at && colon && at < colon && at[1] != '-' &&
	       colon[1] != ':' && at != url;
}

static char *url_of(const char *type, const char *text, struct sa_error *err)
{
	if (strcmp(type, "git") == 0 && is_url(text))
		return xstrdup(text);
	const char *slash = strchr(text, '/');
	if (strcmp(type, "github") == 0 && has_only(text, LETTERS "-._/") && slash &&
	    slash != text && slash[1] && !strchr(slash + 1, '/') && !strstr(text, "..")) {
		const char *base = getenv(SOURCE_GITHUB_VARIABLE);
		return xasprintf("%s/%s.git", base && *base ? base : "https://github.com", text);
	}
	error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is no %s", text,
		  strcmp(type, "git") == 0 ? "URL of a git repository"
					   : "OWNER/REPOSITORY on GitHub");
	return NULL;
}

/* --- git --------------------------------------------------------------------------- */

/* Wait for a child, at most until the deadline; then its session is killed. Its status, or -1. */
static int wait_for(pid_t pid, int said_fd, struct buf *said, int64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = said_fd, .events = POLLIN};
		int ready = poll(&p, 1, deadline_poll_ms(deadline));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0) {
			kill(-pid, SIGKILL);
			spawn_wait(pid);
			return -1;
		}
		/* More than is kept is read and forgotten. */
		if (said->len + 4096 > said->max)
			buf_clear(said);
		if (io_read_some(said_fd, said, 4096) <= 0)
			return spawn_wait(pid);
	}
}

static int git(const char *folder, const char *const *words, int64_t deadline, struct sa_error *err)
{
	const char *argv[WORDS_MAX] = {"git",
				       "-C",
				       folder,
				       "-c",
				       "protocol.ext.allow=never",
				       "-c",
				       "core.hooksPath=/dev/null",
				       "-c",
				       "credential.interactive=false",
				       "-c",
				       "advice.detachedHead=false"};
	size_t count = 11;
	while (*words && count + 1 < WORDS_MAX)
		argv[count++] = *words++;
	cleanup_buf struct buf said = BUF_INIT(SAID_BYTES);
	int pipes[2];
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "run git");
	cleanup_close int said_fd = pipes[0];
	struct spawn spawn = SPAWN_INIT;
	spawn.path = "git";
	spawn.argv = (char *const *)(void *)argv;
	spawn.fds[2] = pipes[1];
	spawn.is_session_leader = true;
	pid_t pid = spawn_start(&spawn, err);
	close(pipes[1]);
	if (pid < 0)
		return error_prefix(err, "skills in repositories need git");
	int status = wait_for(pid, said_fd, &said, deadline);
	if (status < 0)
		return error_set(err, PROBLEM_TIMEOUT, "git has not answered in %d s",
				 SOURCE_FETCH_MS / 1000);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	struct span words_of_git = span_trim(buf_span(&said));
	const char *line = words_of_git.n ? memrchr(words_of_git.p, '\n', words_of_git.n) : NULL;
	if (line && strncmp(line + 1, "fatal", 5) == 0)
		words_of_git =
		    (struct span){line + 1, words_of_git.n - (size_t)(line + 1 - words_of_git.p)};
	return error_set(err, PROBLEM_STREAM_ERROR, "git: %.*s", SPAN_ARG(words_of_git));
}

/* One commit of url into folder/name, a new folder. */
static int fetch(const char *folder, const char *url, const char *ref, struct sa_error *err)
{
	int64_t deadline = deadline_after(SOURCE_FETCH_MS);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	const char *const init[] = {"init", "-q", "--template=", NULL};
	const char *const get[] = {
	    "fetch", "-q", "--depth=1", "--no-tags", "--no-recurse-submodules",
	    "--",    url,  ref,		NULL};
	const char *const out[] = {"checkout", "-q", "--detach", "FETCH_HEAD", NULL};
	if (git(folder, init, deadline, err) < 0 || git(folder, get, deadline, err) < 0 ||
	    git(folder, out, deadline, err) < 0)
		return error_prefix(err, "%s", url);
	return 0;
}

/* $XDG_CACHE_HOME/sandbox-agent/skills, made. */
static char *cache_folder(struct sa_error *err)
{
	const char *base = getenv("XDG_CACHE_HOME");
	cleanup_free char *home = dirs_home();
	if ((!base || base[0] != '/') && !home) {
		error_set(err, PROBLEM_FAILED, "no home folder for the cache of skills");
		return NULL;
	}
	char *path = base && base[0] == '/' ? xasprintf("%s/sandbox-agent/skills", base)
					    : xasprintf("%s/.cache/sandbox-agent/skills", home);
	if (dirs_make(path, err) == 0)
		return path;
	free(path);
	return NULL;
}

/* The folder's name in the cache: readable, and one for each URL and ref. */
static char *key_of(const char *url, const char *ref, struct sa_error *err)
{
	cleanup_free char *text = xasprintf("%s %s", url, ref);
	struct buf key = BUF_INIT(KEY_BYTES);
	if (http_percent_encode(&key, span_of(text)) == 0)
		return buf_take(&key);
	buf_free(&key);
	error_set(err, PROBLEM_INVALID_REQUEST, "%s is too long", url);
	return NULL;
}

/* Fetched beside and put in place when whole; the old one, if any, goes then. */
static int renew(int cache, const char *folder, const char *key, const char *url, const char *ref,
		 struct sa_error *err)
{
	cleanup_free char *name = tempfile_name(), *path = xasprintf("%s/%s", folder, name);
	if (mkdirat(cache, name, 0700) < 0)
		return error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "make %s", path);
	int rc = fetch(path, url, ref, err);
	if (rc == 0 && renameat2(cache, name, cache, key, RENAME_NOREPLACE) < 0 &&
	    renameat2(cache, name, cache, key, RENAME_EXCHANGE) < 0)
		rc = error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "keep %s", path);
	/* What was fetched and failed, or what was there before. */
	tree_remove(cache, name);
	return rc;
}

static int open_repository(const char *type, const char *text, const char *ref,
			   enum source_mode mode, struct sa_error *err)
{
	cleanup_free char *url = url_of(type, text, err);
	cleanup_free char *folder = url ? cache_folder(err) : NULL;
	if (!folder)
		return -1;
	if (!has_only(ref, LETTERS "-._/@+") || strstr(ref, ".."))
		return error_set(err, PROBLEM_INVALID_REQUEST, "'%s' is no branch, tag or commit",
				 ref);
	cleanup_free char *key = key_of(url, ref, err);
	if (!key)
		return -1;
	cleanup_close int cache = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = cache < 0 || mode == SOURCE_REFRESH
		     ? -1
		     : openat(cache, key, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		return fd;
	if (mode == SOURCE_CACHED)
		return error_set(err, PROBLEM_NOT_FOUND, "%s is not fetched yet", url);
	if (cache < 0 || renew(cache, folder, key, url, ref, err) < 0)
		return cache < 0
			   ? error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "open %s", folder)
			   : -1;
	fd = openat(cache, key, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? error_set_errno(err, PROBLEM_STREAM_ERROR, errno, "open %s", folder) : fd;
}

/* --- all of them --------------------------------------------------------------------- */

static int open_local(const char *directory, const char *text, struct sa_error *err)
{
	cleanup_free char *home = dirs_home();
	cleanup_free char *path = text[0] == '/' ? xstrdup(text)
				  : text[0] == '~' && text[1] == '/' && home
				      ? xasprintf("%s%s", home, text + 1)
				      : xasprintf("%s/%s", directory, text);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(
		    err, errno == EACCES ? PROBLEM_PERMISSION_DENIED : PROBLEM_NOT_FOUND, errno,
		    "skills in %s", path);
	return fd;
}

int source_open(const char *directory, struct span source, enum source_mode mode,
		struct sa_error *err)
{
	cleanup_free char *type = json_string_dup(json_get(source, "type"));
	cleanup_free char *text = json_string_dup(json_get(source, "source"));
	cleanup_free char *ref = json_string_dup(json_get(source, "ref"));
	cleanup_free char *subpath = json_string_dup(json_get(source, "subpath"));
	int fd;
	if (type && text && strcmp(type, "local") == 0)
		fd = open_local(directory, text, err);
	else if (type && text && (strcmp(type, "github") == 0 || strcmp(type, "git") == 0))
		fd = open_repository(type, text, ref && *ref ? ref : "HEAD", mode, err);
	else
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "a source is of type github, git or local, not '%s'",
				 type ? type : "");
	if (fd < 0 || !subpath || !*subpath)
		return fd;
	struct beneath b;
	beneath_init_fd(&b, fd, true);
	int below = beneath_open(&b, subpath, O_PATH | O_DIRECTORY, 0);
	int saved = errno;
	beneath_close(&b);
	if (below < 0)
		return error_set_errno(
		    err, saved == ENOENT ? PROBLEM_NOT_FOUND : PROBLEM_INVALID_REQUEST, saved,
		    "%s: subpath '%s'", text, subpath);
	return below;
}
