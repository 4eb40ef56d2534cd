#include "os/signals.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int main(void)
{
	int fd = signals_open((const int[]){SIGUSR1, SIGTERM, 0});
	ok(fd >= 0, "it opens");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "and is not inherited");
	is_int(signals_take(fd), 0, "none waits, and nobody is held up");
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGUSR1);
	int first = signals_take(fd), second = signals_take(fd);
	is_int(first + second, SIGTERM + SIGUSR1, "both are told instead of ending us");
	is_int(signals_take(fd), 0, "once");
	close(fd);
	return done_testing();
}
