#include "os/dirs.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/environment.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *dirs_home(void)
{
	const char *home = environment_place("HOME");
	if (home && home[0] == '/')
		return xstrdup(home);
	struct passwd *pw = getpwuid(getuid());
	return pw ? xstrdup(pw->pw_dir) : NULL;
}

static char *xdg(const char *variable, const char *below_home)
{
	const char *base = environment_place(variable);
	if (base && base[0] == '/')
		return xasprintf("%s/sandbox-agent", base);
	cleanup_free char *home = dirs_home();
	return home ? xasprintf("%s/%s/sandbox-agent", home, below_home) : NULL;
}

char *dirs_state(void)
{
	return xdg("XDG_STATE_HOME", ".local/state");
}

char *dirs_data(void)
{
	return xdg("XDG_DATA_HOME", ".local/share");
}

char *dirs_config(void)
{
	return xdg("XDG_CONFIG_HOME", ".config");
}

char *dirs_cache(void)
{
	return xdg("XDG_CACHE_HOME", ".cache");
}

int dirs_make(const char *path, struct sa_error *err)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "make directory %s", path);
	cleanup_free char *work = xstrdup(path);
	for (char *p = work + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(work, 0700) < 0 && errno != EEXIST)
			return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "make directory %s",
					       work);
		*p = '/';
	}
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	return error_set_errno(err, PROBLEM_STORE_ERROR, errno, "make directory %s", path);
}

char *dirs_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	return slash ? xmemdup0(path, (size_t)(slash - path)) : NULL;
}

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *dirs_find_on(const char *path, const char *name)
{
	if (strchr(name, '/'))
		return xstrdup(name);
	for (const char *p = path ? path : "/usr/local/bin:/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");
		char *candidate =
		    n ? xasprintf("%.*s/%s", (int)n, p, name) : xasprintf("./%s", name);
		if (is_program(candidate))
			return candidate;
		free(candidate);
		p += n + (p[n] == ':');
	}
	return NULL;
}

char *dirs_find_on_path(const char *name)
{
	return dirs_find_on(getenv("PATH"), name);
}

char *dirs_find_sibling(const char *name)
{
	if (strchr(name, '/'))
		return is_program(name) ? xstrdup(name) : NULL;
	cleanup_free char *dir = dirs_program();
	if (dir) {
		char *candidate = xasprintf("%s/%s", dir, name);
		if (is_program(candidate))
			return candidate;
		free(candidate);
	}
	return dirs_find_on_path(name);
}
