/* Answers of the front: heads, problems, what CORS adds. */
#ifndef SA_SERVE_ANSWER_H
#define SA_SERVE_ANSWER_H

#include "base/error.h"
#include "conn.h"
#include "http/response.h"

/*
 * Queue a head: status line, what every answer carries, fields (a JSON
 * object of strings, or NONE). type NULL: none, unless fields have it.
 * How the body is to be sent.
 */
enum http_body answer_head(struct conn *c, int status, enum http_body body, uint64_t length,
			   const char *type, struct span fields);
/* A whole answer; body NONE: an empty one. */
void answer_text(struct conn *c, int status, const char *type, struct span body,
		 struct span fields);
void answer_problem(struct conn *c, const struct http_problem *problem, struct span fields);
/* A problem of this kind; detail are our own words. */
void answer_kind(struct conn *c, enum problem_kind kind, const char *detail);
/* The same with details.message, as clients of some kinds expect. */
void answer_kind_message(struct conn *c, enum problem_kind kind, const char *detail);
void answer_error(struct conn *c, const struct sa_error *err);
/* A problem document of a command, passed on with its status. */
void answer_document(struct conn *c, struct span problem, struct span fields);
/* OPTIONS, for preflights and everybody else (contract 5). */
void answer_options(struct conn *c);
/* The fields that CORS and tracing add to an answer of this exchange. */
void answer_add_common(struct conn *c, struct buf *b);

#endif
