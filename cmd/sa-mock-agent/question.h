/* Directives that ask the client something and report its answer. */
#ifndef MOCK_QUESTION_H
#define MOCK_QUESTION_H

#include "turn.h"

enum step question_permission(struct turn *turn); /* ACP session/request_permission */
enum step question_form(struct turn *turn);	  /* ACP elicitation/create */
enum step question_ask(struct turn *turn);
enum step question_notify(struct turn *turn);
enum step question_reuse_ids(struct turn *turn);

#endif
