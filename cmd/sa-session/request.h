/* A request of an agent: found by its id or its session, and answered. */
#ifndef SA_SESSION_REQUEST_H
#define SA_SESSION_REQUEST_H

#include "links.h"
#include "policy/answer.h"

/* Strings are owned. */
struct request {
	int64_t server_key;
	char *id; /* of its event */
	char *session_id;
	char *method;
	char *payload;
};
void request_clear(struct request *r);
#define cleanup_request __attribute__((cleanup(request_clear)))

/*
 * The open request that reference means: its event id, or a session that asks
 * one thing. 0; -1 with PROBLEM_NOT_FOUND, or PROBLEM_CONFLICT when it is
 * settled or when there are several.
 */
int request_find(struct store *store, const char *reference, struct request *ret,
		 struct sa_error *err);
/* Find it, answer it, print the record unless is_text. 0, or -1. */
int request_answer(struct links *links, const char *reference, const struct answer *decision,
		   bool is_text, struct sa_error *err);

#endif
