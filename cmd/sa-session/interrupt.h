/* SIGINT and its like while a turn is waited for: the turn is cancelled, then we end by it. */
#ifndef SA_SESSION_INTERRUPT_H
#define SA_SESSION_INTERRUPT_H

/* Hold SIGINT, SIGTERM and SIGHUP back (unless ignored). A descriptor that is readable when one
 * has come; -1 when that is not possible. */
int interrupt_begin(void);
/* End this process by the signal that has come, if one has. */
void interrupt_end(int fd);

#endif
