/* Signals that come through a descriptor, as everything else that a loop waits for. */
#ifndef SA_OS_SIGNALS_H
#define SA_OS_SIGNALS_H

/* Block these signals (a 0 ends the list) and open a non-blocking descriptor that tells of them,
 * signalfd(2), for the caller to close. -1 with errno. */
int signals_open(const int *numbers);
/* The next one that waits; 0: none. */
int signals_take(int fd);

#endif
