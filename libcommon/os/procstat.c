#include "os/procstat.h"

#include "base/num.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool procstat_read(pid_t pid, struct procstat *ret)
{
	char path[32], text[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* "pid (any bytes) S ppid pgid sid ...": the name may hold blanks and brackets. */
	const char *p = strrchr(text, ')');
	if (!p || p[1] != ' ' || !p[2])
		return false;
	ret->state = p[2];
	p += 3;
	for (int field = 4; field <= 22 && *p == ' '; field++) {
		p++;
		size_t len = strcspn(p, " ");
		int64_t value = 0;
		num_parse_i64((struct span){p, len}, INT64_MIN, INT64_MAX, &value);
		if (field == 4)
			ret->ppid = (pid_t)value;
		else if (field == 5)
			ret->pgid = (pid_t)value;
		else if (field == 6)
			ret->sid = (pid_t)value;
		else if (field == 22)
			ret->start = (uint64_t)value;
		p += len;
	}
	return true;
}
