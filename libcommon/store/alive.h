/* Does a server's supervisor live? A row says what was; the kernel says what is. */
#ifndef SA_STORE_ALIVE_H
#define SA_STORE_ALIVE_H

#include "store/record.h"

/* The supervisor named in the row is there: same boot, same pid, same start time; one on another
 * machine, if it wrote lately. */
bool server_is_alive(const struct server *server);

#endif
