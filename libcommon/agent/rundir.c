#include "agent/rundir.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <stdlib.h>
#include <unistd.h>

char *rundir_make(const char *name, struct sa_error *err)
{
	const char *base = getenv("SANDBOX_AGENT_RUN_DIR");
	cleanup_free char *state = dirs_state();
	cleanup_free char *path = NULL;
	if (base && *base) {
		path = xasprintf("%s/%s", base, name);
	} else if (state) {
		path = xasprintf("%s/run/%s", state, name);
	} else {
		error_set(err, PROBLEM_STORE_ERROR,
			  "no home directory: set HOME, XDG_STATE_HOME or SANDBOX_AGENT_RUN_DIR");
		return NULL;
	}
	return dirs_make(path, err) < 0 ? NULL : TAKE_PTR(path);
}

void rundir_remove(const char *path)
{
	static const char *const names[] = {RUNDIR_SOCKET, RUNDIR_STATUS, RUNDIR_STATUS ".new"};
	if (!path)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *file = xasprintf("%s/%s", path, names[i]);
		unlink(file);
	}
	rmdir(path);
}
