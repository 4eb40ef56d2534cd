/* Directives that leave processes behind; each ends by itself after AGENT_LIFE_S. */
#ifndef MOCK_SWARM_H
#define MOCK_SWARM_H

#include "turn.h"

/* The most processes one directive makes. */
enum { SWARM_MAX = 256 };

enum step swarm_fork(struct turn *turn);   /* says "forked: PID ..." */
enum step swarm_daemon(struct turn *turn); /* says "daemons: PID ..." */

#endif
