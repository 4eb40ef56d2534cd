/*
 * Writers stand in line. SQLite's own way of waiting for its lock is to ask again and again: of
 * many writers the newest ask most often, somebody starves, and the asking costs more than the
 * writing. So whoever is about to write first takes a lock of the kernel (fcntl(2), open file
 * description locks) on a file beside the store: nobody asks twice, and a dead process lets go.
 *
 *   DOOR  held while one writes. Who finds it open goes through.
 *   HEAD  held by the first of those who found it closed; it alone waits at the door, the others
 *         wait for its place. So a newcomer may pass the first one, while that is being woken,
 *         but never the whole line.
 *
 * Others, such as the sqlite3 program, do not stand here: SQLite's lock still decides.
 */
#include "store/sqlite.h"

#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

/* The signal that ends the wait comes again and again: the first may come before the wait. */
enum { ALARM_AGAIN_US = 50000 };

static void on_alarm(int number)
{
	(void)number;
}

/* One byte of the file each. */
enum place { DOOR, HEAD };

static int lock_place(int fd, int command, short type, enum place place)
{
	struct flock lock = {
	    .l_type = type, .l_whence = SEEK_SET, .l_start = place, .l_len = 1};
	return fcntl(fd, command, &lock);
}

/* Signals that end the wait come from then on until stopped: the first may come before the wait. */
static void stand_in_line(int fd, int64_t ms)
{
	struct sigaction alarmed = {.sa_handler = on_alarm}, old_action;
	struct itimerval timer = {.it_interval = {0, ALARM_AGAIN_US},
				  .it_value = {ms / 1000, ms % 1000 * 1000 + 1}};
	sigset_t only, old_mask;
	sigemptyset(&only);
	sigaddset(&only, SIGALRM);
	sigaction(SIGALRM, &alarmed, &old_action);
	sigprocmask(SIG_UNBLOCK, &only, &old_mask);
	setitimer(ITIMER_REAL, &timer, NULL);
	if (lock_place(fd, F_OFD_SETLKW, F_WRLCK, HEAD) == 0) {
		lock_place(fd, F_OFD_SETLKW, F_WRLCK, DOOR);
		lock_place(fd, F_OFD_SETLK, F_UNLCK, HEAD);
	}
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGALRM, &old_action, NULL);
}

void sqlite_queue_enter(struct sqlite_store *s)
{
	if (s->queue_fd == 0) {
		char *path = xasprintf("%s-queue", s->path);
		s->queue_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		free(path);
	}
	if (s->queue_fd > 0 && lock_place(s->queue_fd, F_OFD_SETLK, F_WRLCK, DOOR) < 0 &&
	    (errno == EAGAIN || errno == EACCES))
		stand_in_line(s->queue_fd, s->busy_ms);
}

void sqlite_queue_leave(struct sqlite_store *s)
{
	if (s->queue_fd > 0)
		lock_place(s->queue_fd, F_OFD_SETLK, F_UNLCK, DOOR);
}

void sqlite_queue_close(struct sqlite_store *s)
{
	if (s->queue_fd > 0)
		close(s->queue_fd);
}
