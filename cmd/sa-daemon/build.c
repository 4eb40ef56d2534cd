#include "build.h"

#include "base/xalloc.h"
#include "cli/command.h"
#include "os/dirs.h"

#include <stdlib.h>
#include <sys/stat.h>

int build_find(char **ret_path, char **ret_build, struct sa_error *err)
{
	struct stat st;
	char *path = dirs_find_sibling("sa-serve");
	if (!path || stat(path, &st) < 0) {
		free(path);
		return error_set(err, PROBLEM_NOT_FOUND,
				 "sa-serve is neither beside sa-daemon nor on PATH");
	}
	*ret_path = path;
	*ret_build =
	    xasprintf("%s-%lld%09ld", SA_VERSION, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return 0;
}
