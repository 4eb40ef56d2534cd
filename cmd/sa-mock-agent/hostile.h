/* Directives that break rules, and those that end a turn or the agent in a certain way. */
#ifndef MOCK_HOSTILE_H
#define MOCK_HOSTILE_H

#include "turn.h"

enum step hostile_fail(struct turn *turn);
enum step hostile_refuse(struct turn *turn);
enum step hostile_max_tokens(struct turn *turn);
enum step hostile_max_requests(struct turn *turn);
enum step hostile_noise(struct turn *turn);
enum step hostile_bad_json(struct turn *turn);
enum step hostile_bad_utf8(struct turn *turn);
enum step hostile_empty_lines(struct turn *turn);
enum step hostile_non_object(struct turn *turn);
enum step hostile_wrong_session(struct turn *turn);
enum step hostile_split(struct turn *turn);
enum step hostile_stderr(struct turn *turn);
enum step hostile_stderr_flood(struct turn *turn);
enum step hostile_twice(struct turn *turn);
enum step hostile_late(struct turn *turn);
enum step hostile_ignore_cancel(struct turn *turn);
enum step hostile_stall(struct turn *turn);
enum step hostile_stop_reading(struct turn *turn);
enum step hostile_ignore_term(struct turn *turn);
enum step hostile_heed_int(struct turn *turn);
enum step hostile_die(struct turn *turn);
enum step hostile_die_after(struct turn *turn);
enum step hostile_kill(struct turn *turn);

#endif
