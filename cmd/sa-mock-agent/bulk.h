/* Directives about time and amount: waiting, many updates, large ones, replay. */
#ifndef MOCK_BULK_H
#define MOCK_BULK_H

#include "turn.h"

enum step bulk_wait(struct turn *turn);
enum step bulk_repeat(struct turn *turn);
enum step bulk_flood(struct turn *turn);
enum step bulk_bigline(struct turn *turn);
enum step bulk_replay(struct turn *turn); /* session/load: the history as updates */

#endif
