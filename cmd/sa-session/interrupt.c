#include "interrupt.h"

#include "base/cleanup.h"
#include "os/signals.h"

#include <signal.h>
#include <stddef.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

int interrupt_begin(void)
{
	int heard[ARRAY_SIZE(numbers) + 1] = {0};
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sigaction now;
		/* "nohup", and the background jobs of a shell without job control. */
		if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			heard[count++] = numbers[i];
	}
	return signals_open(heard);
}

void interrupt_end(int fd)
{
	int number = fd < 0 ? 0 : signals_take(fd);
	if (number == 0)
		return;
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}
