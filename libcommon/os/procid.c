#include "os/procid.h"

#include "base/num.h"
#include "os/procstat.h"

#include <fcntl.h>
#include <unistd.h>

bool procid_of(pid_t pid, struct procid *ret)
{
	struct procstat stat;
	if (pid <= 0 || !procstat_read(pid, &stat) || stat.state == 'Z' || stat.state == 'X')
		return false;
	*ret = (struct procid){pid, stat.start};
	return true;
}

bool procid_is_alive(struct procid id)
{
	struct procid now;
	return procid_of(id.pid, &now) && now.start == id.start;
}

void procid_boot_id(char *out)
{
	out[0] = '\0';
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, out, BOOT_ID_BYTES - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
}
