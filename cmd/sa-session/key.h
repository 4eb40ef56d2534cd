/*
 * A client's HTTP connection that sa-serve has left with us for the case
 * that it dies first (the op adopt, cmd/sa-serve/asks.h): the answer of that
 * job is written here, whoever lives by then.
 */
#ifndef SA_SESSION_KEY_H
#define SA_SESSION_KEY_H

#include "broker.h"

/* fd is taken. The job's answer will go there. */
void key_adopt(struct job *job, int fd, const struct filter_request *request);
/* Write an answer; frees itself when it has left, and tells the front. ref is taken. */
void key_answer(struct broker *broker, struct key *key, char *ref, int status, const char *type,
		struct span body);
/* The client has left. NULL allowed. */
void key_free(struct broker *broker, struct key *key);

#endif
