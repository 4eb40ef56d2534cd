/*
 * The ids that OpenCode clients see. Messages sort by id in the order of
 * their making ("msg_", twelve hexadecimal digits of time, the rest), and so
 * do the parts of a message; clients rely on it.
 */
#ifndef SA_OPENCODE_IDS_H
#define SA_OPENCODE_IDS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All results are new strings. */
char *id_of_message(int64_t at_ms, const char *server_uid, int64_t index);
/* The id of the answer to the message parent: right behind it. */
char *id_of_answer(const char *parent, int64_t at_ms, const char *server_uid, int64_t index);
char *id_of_part(const char *server_uid, int64_t index, size_t number);
/* "perm_..." or "q_..." of a request of the agent. */
char *id_of_ask(bool is_question, const char *server_uid, int64_t index);
/* "ses_...": times sort, the rest is random. */
char *id_of_session(int64_t at_ms);
/* A project is a directory. */
char *id_of_project(const char *directory);

#endif
