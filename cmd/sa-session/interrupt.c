#include "interrupt.h"

#include "base/cleanup.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

int interrupt_begin(void)
{
	sigset_t mask;
	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction now;
		/* "nohup", and the background jobs of a shell without job control. */
		if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&mask, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

void interrupt_end(int fd)
{
	struct signalfd_siginfo info;
	if (fd < 0 || read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	sigset_t mask;
	int number = (int)info.ssi_signo;
	sigemptyset(&mask);
	sigaddset(&mask, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}
