#include "gate.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char source[] =
    "export default function (pi) {\n"
    "  pi.on('tool_call', async (event, context) => {\n"
    "    const call = { id: event.toolCallId, name: event.toolName, input: event.input };\n"
    "    const answer = await context.ui.select('" GATE_PREFIX "' + JSON.stringify(call),\n"
    "      ['" GATE_ALLOW "', '" GATE_REJECT "']);\n"
    "    if (answer !== '" GATE_ALLOW "')\n"
    "      return { block: true, reason: 'The user rejected this tool call.' };\n"
    "  });\n"
    "}\n";

int gate_write(char **ret_folder, char **ret_path, struct sa_error *err)
{
	const char *base = getenv("TMPDIR");
	cleanup_free char *folder =
	    xasprintf("%s/sa-acp-pi.XXXXXX", base && *base == '/' ? base : "/tmp");
	if (!mkdtemp(folder))
		return error_set_errno(err, PROBLEM_FAILED, errno, "make a folder like '%s'",
				       folder);
	cleanup_free char *path = xasprintf("%s/gate.mjs", folder);
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || io_write_all(fd, span_of(source)) < 0) {
		int saved = errno;
		unlink(path);
		rmdir(folder);
		return error_set_errno(err, PROBLEM_FAILED, saved, "write '%s'", path);
	}
	*ret_folder = TAKE_PTR(folder);
	*ret_path = TAKE_PTR(path);
	return 0;
}

void gate_remove(char *folder, char *path)
{
	if (path)
		unlink(path);
	if (folder)
		rmdir(folder);
	free(path);
	free(folder);
}
