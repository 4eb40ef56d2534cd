/* Printing answers. */
#ifndef SA_OUTPUT_H
#define SA_OUTPUT_H

#include "client.h"

/* Ask and print the answer indented, as the reference does; nothing for an empty one. Exit
 * status, or -1. */
int output_pretty(struct client *client, const struct request *request, struct sa_error *err);
/* The same on one line. */
int output_line(struct client *client, const struct request *request, struct sa_error *err);
/* Each element of the array that the answer is, or has as this member, on a line of its own. */
int output_elements(struct client *client, const struct request *request, const char *member,
		    struct sa_error *err);
/* The bytes of the answer as they come. */
int output_bytes(struct client *client, struct request *request, struct sa_error *err);
/* The data of each event of a stream on a line of its own, as it comes. */
int output_events(struct client *client, struct request *request, struct sa_error *err);

/* The answer is JSON: 0; -1: PROBLEM_STREAM_ERROR. */
int output_check(const struct answer *answer, struct span *ret_json, struct sa_error *err);

#endif
